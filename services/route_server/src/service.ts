import { joinCluster, routeServerQueue as queue, topics } from '@teamtalk/bus';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { RouteServerConfig } from './config.js';
import { createContext } from './context.js';
import { changeGroup } from './handlers/change-group.js';
import { kickUser } from './handlers/kick-user.js';
import { notifyUsers } from './handlers/notify-users.js';
import { queryPresence } from './handlers/query-presence.js';
import { querySessions } from './handlers/query-sessions.js';
import { routeMessages } from './handlers/route-message.js';
import { updatePresence } from './handlers/update-presence.js';

/**
 * Starts a route_server. It routes only once it knows the sessions of every msg_server that answered its discovery request
 * or that another route_server knows.
 */
export function startRouteServer(config: RouteServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('route_server', config, options, start);
}

async function start(config: RouteServerConfig, kit: Kit): Promise<Record<string, number>> {
  const cluster = await joinCluster(kit, config.nats);
  const { bus } = cluster;
  const context = createContext(config, kit, cluster);
  const { table, sync, statuses, msgServers } = context;

  bus.answer(topics.presenceUpdate, updatePresence(context));
  const catchUp = () => sync.catchUp(msgServers, config.discoveryMs);
  bus.onReconnect(() => void catchUp());
  await catchUp();

  statuses.begin();

  bus.answer(topics.storedBatch(kit.instance), routeMessages(context));
  bus.answer(topics.presenceQuery, queryPresence(context), { queue });
  bus.answer(topics.sessionsQuery, querySessions(context), { queue });
  bus.subscribe(topics.notifyUsers, notifyUsers(context), { queue });
  bus.answer(topics.groupChange, changeGroup(context), { queue });
  bus.answer(topics.kickUser, kickUser(context), { queue });
  // Subscribe before the first heartbeat: others may send to this instance at once.
  await bus.flush();
  cluster.register(() => ({ onlineUsers: table.userCount }));
  return {};
}
