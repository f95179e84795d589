import { type Cluster, joinCluster, topics } from '@teamtalk/bus';
import { openCertificate } from '@teamtalk/net';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { MsgServerConfig } from './config.js';
import { ClientListener } from './connection/client-listener.js';
import { type Context, createContext } from './context.js';
import { EventLoopStallDetector } from './event-loop-stall.js';
import { answerAcknowledged } from './handlers/bus/acknowledged.js';
import { answerAddressUsers } from './handlers/bus/address-users.js';
import { answerClients } from './handlers/bus/clients.js';
import { deliverMessages } from './handlers/bus/deliver-message.js';
import { answerDeliveryQuery } from './handlers/bus/delivery-positions.js';
import { evicted } from './handlers/bus/evicted.js';
import { handleNodeEvent } from './handlers/bus/node-event.js';
import { sendPresenceSnapshot } from './handlers/bus/presence-snapshot.js';
import { answerConnections } from './handlers/bus/user-connections.js';
import { answerUserSessions } from './handlers/bus/user-sessions.js';
import { dispatcher } from './handlers/client/index.js';
import { IdleGc } from './idle-gc.js';
import { recordClients } from './record-clients.js';

/**
 * Starts msg_server: accepts clients, passes their messages to db_proxy_server, and delivers stored messages and events
 * of route_servers to their connections.
 */
export function startMsgServer(config: MsgServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msg_server', config, options, start);
}

async function start(config: MsgServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { life, log } = kit;
  const cluster = await joinCluster(kit, config.nats);
  const context = createContext(config, kit, cluster);
  const { bus, metrics, presence, users } = context;
  const idleGc = new IdleGc({ sentBytes: () => metrics.sentBytes.value, log });
  life.onStop('idle GC', () => idleGc.stop());

  const { listener, stallDetector } = await createListener(context, cluster);
  listenToOthers(context, stallDetector);
  const ports = await listener.listen();
  showGauges(kit, listener, context);
  recordClients(metrics.builds, context.pool, kit);

  // Route_servers deliver until the last client is gone.
  cluster.register(
    () => ({
      ip1: config.advertise.ip1,
      ip2: config.advertise.ip2,
      port: config.advertise.port || ports.client!,
      maxConnections: config.limits.connections,
      connections: users.connectionCount,
      onlineUsers: users.size,
      presenceSeq: presence.seq,
      directDelivery: true,
      addressUsers: true,
    }),
    { late: true },
  );
  life.onStop('drain announcement', async () => {
    cluster.announce();
    await bus.flush();
  });
  return ports;
}

async function createListener(context: Context, cluster: Cluster) {
  const { config, kit, logins, metrics, presence, users } = context;
  const { life, log } = kit;
  const dispatch = dispatcher(context);
  const listener = new ClientListener({
    config,
    certificate: await openCertificate(config.tls, kit, metrics),
    metrics,
    kit,
    handle: (connection, pdu) => {
      stallDetector.check();
      return !connection.isOpen || dispatch(connection, pdu);
    },
    leaving: (connection) => {
      logins.remove(connection);
      if (users.remove(connection)) presence.publishOffline(connection);
    },
  });
  life.onStop('clients', () => listener.drain(config.timeouts.drainSpreadMs));
  const stallDetector = new EventLoopStallDetector((ms) => {
    log.warn({ ms: Math.round(ms), sockets: listener.size }, 'event loop stalled; disconnecting clients');
    listener.destroyAll('stood-still');
    cluster.announce();
  });
  life.onStop('stall detector', () => stallDetector.stop());
  return { listener, stallDetector };
}

/** Each handler checks for a stall first: events that waited during one are not for the clients connected before it. */
function listenToOthers(context: Context, stallDetector: EventLoopStallDetector): void {
  const { bus, direct, kit } = context;
  const deliver = deliverMessages(context);
  const take = handleNodeEvent(context, deliver);
  const answerSessions = answerUserSessions(context);
  const answerUsers = answerAddressUsers(context);
  const sendSnapshot = sendPresenceSnapshot(context);
  direct.take = (batch) => {
    stallDetector.check();
    return deliver(batch);
  };
  direct.evicted = evicted(context);
  bus.answer(topics.node(kit.instance), (event) => {
    stallDetector.check();
    return take(event);
  });
  bus.subscribe(topics.everyNode, (event) => {
    stallDetector.check();
    take(event);
  });
  bus.answer(topics.userSessions, (query) => {
    stallDetector.check();
    return answerSessions(query);
  });
  bus.answer(topics.addressUsers, (query) => {
    stallDetector.check();
    return answerUsers(query);
  });
  bus.answer(topics.connections(kit.instance), answerConnections(context));
  bus.answer(topics.clients(kit.instance), answerClients(context));
  bus.answer(topics.acknowledged(kit.instance), answerAcknowledged(context));
  bus.answer(topics.deliveryQuery(kit.instance), answerDeliveryQuery(context));
  bus.answer(topics.presenceSnapshot(kit.instance), (request, respond) => {
    stallDetector.check();
    return sendSnapshot(request, respond);
  });
}

function showGauges(
  { metrics }: Kit,
  listener: ClientListener,
  { config, users, logins, appender }: Pick<Context, 'config' | 'users' | 'logins' | 'appender'>,
): void {
  metrics.gauge('sockets', 'Open connections, logged in or not', () => listener.size);
  metrics.gauge('connections', 'Logged-in connections', () => users.connectionCount);
  metrics.gauge(
    'connections_limit',
    'Maximum number of logged-in connections: MAX_CONNECTIONS',
    () => config.limits.connections,
  );
  metrics.gauge('connections_pc', 'Logged-in connections of PC clients', () => users.pc.size);
  metrics.gauge(
    'connections_mobile',
    'Logged-in connections of mobile clients',
    () => users.connectionCount - users.pc.size,
  );
  metrics.gauge('online_users', 'Users with a connection', () => users.size);
  metrics.gauge('logins_waiting', 'Logins waiting for their turn', () => logins.waiting);
  metrics.gauge('appends_in_flight', 'Messages waiting for the store’s result', () => appender.pending);
}
