import { hostname } from 'node:os';
import { Bus, type Heartbeat, HeartbeatPublisher, Registry, routeServerQueue, topics } from '@teamtalk/bus';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { RouteServerConfig } from './config.js';
import type { Context } from './context.js';
import { changeGroup } from './handlers/change-group.js';
import { kickUser } from './handlers/kick-user.js';
import { notifyUsers } from './handlers/notify-users.js';
import { queryPresence } from './handlers/query-presence.js';
import { querySessions } from './handlers/query-sessions.js';
import { routeMessages } from './handlers/route-message.js';
import { actOn, updatePresence } from './handlers/update-presence.js';
import { NodeSender } from './node-sender.js';
import { PresenceSync } from './presence/presence-sync.js';
import { type Effects, noEffects, PresenceTable } from './presence/presence-table.js';
import { StatusNotifier } from './presence/status-notifier.js';

const name = 'route_server';

/**
 * Starts a route_server. It routes only once it knows the sessions of every msg_server that answered its discovery request
 * or that another route_server knows.
 */
export function startRouteServer(config: RouteServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService(name, config, options, start);
}

async function start(config: RouteServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { log, metrics, health, life, instance } = kit;
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...config.nats, name, log, metrics, tracing: kit.tracing }),
  );
  life.onStop('bus', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const context = createContext(kit, bus);
  const { table, sync, statuses, msgServers, routeServers } = context;
  life.onStop('registries', () => {
    statuses.stop();
    msgServers.stop();
    routeServers.stop();
  });
  metrics.gauge('sessions', 'Known connections of users', () => table.sessionCount);
  metrics.gauge('users', 'Users with a connection', () => table.userCount);

  bus.answer(topics.presenceUpdate, updatePresence(context));
  const catchUp = () => sync.catchUp(msgServers, config.discoveryMs);
  bus.onReconnect(() => void catchUp());
  await catchUp();

  statuses.begin();

  bus.answer(topics.storedBatch(instance), routeMessages(context));
  bus.answer(topics.presenceQuery, queryPresence(context), { queue: routeServerQueue });
  bus.answer(topics.sessionsQuery, querySessions(context), { queue: routeServerQueue });
  bus.subscribe(topics.notifyUsers, notifyUsers(context), { queue: routeServerQueue });
  bus.answer(topics.groupChange, changeGroup(context), { queue: routeServerQueue });
  bus.answer(topics.kickUser, kickUser(context), { queue: routeServerQueue });
  // Subscribe before the first heartbeat: others may send to this instance at once.
  await bus.flush();
  const heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service: name, hostname: hostname(), ops: kit.ops },
    () => ({
      onlineUsers: table.userCount,
      draining: health.draining,
    }),
  );
  life.onStop('heartbeats', () => heartbeats.stop());
  return {};
}

function createContext(kit: Kit, bus: Bus): Context {
  const { log, metrics } = kit;
  const table = new PresenceTable();
  const removals = metrics.counter('msg_servers_lost_total', 'msg_servers evicted');

  const removed = ({ instance }: { instance: number }) => {
    const effects = noEffects();
    table.removeNode(instance, effects);
    sync.forget(instance);
    act(effects, instance);
  };
  const msgServers: Registry = new Registry(bus, log, 'msg_server', {
    onChange: (heartbeat: Heartbeat) => void sync.check(heartbeat),
    onGone: (heartbeat, deregistered) => {
      if (!deregistered) {
        removals.inc();
        // Before its users are reported as offline.
        bus.publish(topics.msgServerGone, { instance: heartbeat.instance });
      }
      removed(heartbeat);
    },
  });
  const routeServers = new Registry(bus, log, name);
  const nodes = new NodeSender(
    bus,
    kit,
    (node) => table.hasSessions(node),
    (node) => forget(node),
  );
  const forget = (node: number) => {
    msgServers.forget(node);
    // It may have sessions here without ever having sent a heartbeat.
    removed({ instance: node });
  };
  bus.subscribe(topics.msgServerGone, ({ instance }) => forget(instance));
  const statuses = new StatusNotifier(table, nodes, msgServers);
  const act = (effects: Effects, node: number) =>
    actOn({ kit, bus, table, nodes, statuses, msgServers, routeServers }, effects, node);
  const evicted = (node: number) => nodes.send(node, { evicted: {} });
  const sync = new PresenceSync({ bus, table, log, metrics, act, evicted });
  return { kit, bus, table, sync, nodes, statuses, msgServers, routeServers };
}
