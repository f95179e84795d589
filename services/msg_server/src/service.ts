import { hostname } from 'node:os';
import { Bus, HeartbeatPublisher, Registry, rendezvous, topics } from '@teamtalk/bus';
import { openCertificate } from '@teamtalk/net';
import { allCommands, IM } from '@teamtalk/protocol';
import {
  type LoginStream,
  loginStream,
  type MessageAppender,
  messageAppender,
  messages,
  type ReadMarker,
  ReplicaPool,
  readMarker,
  syncPool,
  type WriterOptions,
} from '@teamtalk/rpc';
import { type Kit, type Service, type StartOptions, startService, withDeadline } from '@teamtalk/service-kit';
import { LoginQueue } from './backpressure/login-queue.js';
import { RateLimit } from './backpressure/token-bucket.js';
import { WakeScheduler } from './backpressure/wake-scheduler.js';
import { asBuffer } from './bytes.js';
import type { MsgServerConfig } from './config.js';
import { ClientListener } from './connection/client-listener.js';
import type { Connection } from './connection/connection.js';
import type { Context } from './context.js';
import type { Conversation } from './delivery/delivered-message.js';
import { Deliveries } from './delivery/deliveries.js';
import type { FetchedMessage } from './delivery/gap-filler.js';
import { LocalUsers } from './delivery/local-users.js';
import { NoticeDowngrade } from './delivery/notice-downgrade.js';
import { SenderCache } from './delivery/sender-cache.js';
import { EventLoopStallDetector } from './event-loop-stall.js';
import { answerDeliveryQuery } from './handlers/bus/delivery-positions.js';
import { handleNodeEvent } from './handlers/bus/node-event.js';
import { sendPresenceSnapshot } from './handlers/bus/presence-snapshot.js';
import { answerUserSessions } from './handlers/bus/user-sessions.js';
import { dispatcher } from './handlers/client/index.js';
import { IdleGc } from './idle-gc.js';
import { MsgServerMetrics } from './metrics.js';
import { ChangeNotifications } from './notifications/change-notifications.js';
import { StatusNotifications } from './notifications/status-notifications.js';
import { PresencePublisher } from './presence/presence-publisher.js';

const { SESSION_TYPE_GROUP: groupSession } = IM.BaseDefine.SessionType;

/** Milliseconds after which an entry without a result is given up. */
const resultMs = 10_000;
/** Milliseconds the store has to respond when a gap is filled. */
const fetchMs = 2_000;
/** Milliseconds to publish the last presence changes when the server stops. */
const flushTimeoutMs = 1_500;

/**
 * Starts msg_server: accepts clients, passes their messages to db_proxy_server, and delivers messages and events from
 * route_servers to their connections.
 */
export function startMsgServer(config: MsgServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msg_server', config, options, start);
}

async function start(config: MsgServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log } = kit;
  const metrics = new MsgServerMetrics(
    kit.metrics,
    allCommands.map(({ id }) => id),
  );

  const pool = new ReplicaPool(config.rpcTls, kit.tracing);
  life.onStop('gRPC', () => pool.close());

  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({
      ...config.nats,
      name: `msg_server ${hostname()}`,
      log,
      metrics: kit.metrics,
      tracing: kit.tracing,
    }),
  );
  life.onStop('NATS', () => bus.drain());
  const dbProxies = new Registry(bus, log, 'db_proxy_server', syncPool(pool));
  const routeServers = new Registry(bus, log, 'route_server');
  const fileServers = new Registry(bus, log, 'file_server');
  life.onStop('registries', () => {
    dbProxies.stop();
    routeServers.stop();
    fileServers.stop();
  });
  let heartbeats: HeartbeatPublisher | undefined;
  life.onStop('deregistration', () => heartbeats?.stop());

  const { appender, marker, loginChecks } = openStore(config, kit, pool);
  const senderCache = new SenderCache();
  const users = new LocalUsers();
  const logins = new LoginQueue<Connection>({
    maxInFlight: config.limits.logins,
    rate: new RateLimit(config.loginRate.perSecond, config.loginRate.burst),
    onWaited: (seconds) => metrics.loginWaitSeconds.observe(seconds),
  });
  const noticeDowngrade = new NoticeDowngrade(config.pushNoticeAsText);
  const fetchRange = async (conversation: Conversation, first: number, last: number) => {
    const range = { ...conversation, firstMsgId: first, lastMsgId: last };
    const reply = await pool.call(messages.getStoredRange, range, fetchMs);
    return (reply.messages ?? []).map(
      (message): FetchedMessage => ({
        msgId: message.msgId ?? 0,
        originInstance: message.originInstance ?? 0,
        originRequestId: message.originRequestId ?? 0,
        pdu: asBuffer(message.pdu),
      }),
    );
  };
  const findVisible = async (userId: number, groupId: number, msgIds: number[]) => {
    const session = { userId, sessionType: groupSession, sessionId: groupId };
    const reply = await pool.call(messages.getMessages, { ...session, msgIds }, fetchMs);
    return (reply.messages ?? []).map(({ msgId }) => msgId ?? 0);
  };
  const deliveries = new Deliveries({
    users,
    instance,
    senderCache,
    fetchRange,
    findVisible,
    noticeDowngrade,
    metrics,
    log,
    tracing: kit.tracing,
  });
  life.onStop('deliveries', () => deliveries.stop());
  const presence = new PresencePublisher({ bus, instance, routeServers, users, metrics, log });
  life.onStop('presence', () =>
    withDeadline(presence.settle(), flushTimeoutMs, 'publishing presence changes'),
  );
  const notifications = new ChangeNotifications(bus, metrics);
  life.onStop('change notifications', () => notifications.stop());
  const statusNotifications = new StatusNotifications(users, config.presenceBroadcast);
  life.onStop('status notifications', () => statusNotifications.stop());
  const wakeScheduler = new WakeScheduler<Connection>();
  life.onStop('wake scheduler', () => wakeScheduler.stop());

  const idleGc = new IdleGc({ sentBytes: () => metrics.sentBytes.value, log });
  life.onStop('idle GC', () => idleGc.stop());

  const context: Context = {
    kit,
    config,
    metrics,
    debug: log.isLevelEnabled('debug'),
    bus,
    pool,
    appender,
    marker,
    loginChecks,
    fileServers,
    users,
    logins,
    presence,
    deliveries,
    senderCache,
    noticeDowngrade,
    notifications,
    statusNotifications,
    rate: new RateLimit(config.rate.perSecond, config.rate.burst),
    wakeScheduler,
  };
  const dispatch = dispatcher(context);
  const certificate = await openCertificate(config.tls, kit, metrics);
  const listener = new ClientListener({
    config,
    certificate,
    metrics,
    log,
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
    heartbeats?.announce();
  });
  life.onStop('stall detector', () => stallDetector.stop());
  listenToOthers(context, stallDetector);
  const ports = await listener.listen();

  health.addCheck('nats', () => bus.connected);
  health.addCheck('db_proxy_server', () => appender.available);
  health.addCheck('route_server', () => routeServers.all().length > 0);
  showGauges(kit, listener, context);

  heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service: 'msg_server', hostname: hostname(), ops: kit.ops },
    () => ({
      ip1: config.advertise.ip1,
      ip2: config.advertise.ip2,
      port: config.advertise.port || ports.client!,
      maxConnections: config.limits.connections,
      connections: users.connectionCount,
      onlineUsers: users.size,
      draining: health.draining,
      presenceSeq: presence.seq,
    }),
  );
  life.onStop('drain announcement', async () => {
    heartbeats?.announce();
    await bus.flush();
  });
  return ports;
}

/** Each handler checks for a stall first: events that waited during one are not for the clients connected before it. */
function listenToOthers(context: Context, stallDetector: EventLoopStallDetector): void {
  const { bus, kit } = context;
  const take = handleNodeEvent(context);
  const answerSessions = answerUserSessions(context);
  const sendSnapshot = sendPresenceSnapshot(context);
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
  bus.answer(topics.deliveryQuery(kit.instance), answerDeliveryQuery(context));
  bus.answer(topics.presenceSnapshot(kit.instance), (request, respond) => {
    stallDetector.check();
    return sendSnapshot(request, respond);
  });
}

function openStore(
  { flush, limits }: MsgServerConfig,
  { instance, life, log }: Kit,
  pool: ReplicaPool,
): { appender: MessageAppender; marker: ReadMarker; loginChecks: LoginStream } {
  const options: WriterOptions = {
    instance,
    choose: rendezvous,
    log,
    deadlineMs: resultMs,
    flushMs: flush.appendMs,
    maxPending: limits.appends,
  };
  const appender = messageAppender(pool, options);
  const marker = readMarker(pool, options);
  const loginChecks = loginStream(pool, { ...options, flushMs: 0 });
  life.onStop('store', async () => {
    try {
      const settled = Promise.all([appender.settle(), marker.settle()]);
      await withDeadline(settled, resultMs, 'settling appends and read marks');
    } finally {
      appender.stop();
      marker.stop();
      loginChecks.stop();
    }
  });
  return { appender, marker, loginChecks };
}

function showGauges(
  { metrics }: Kit,
  listener: ClientListener,
  { users, logins, appender }: Pick<Context, 'users' | 'logins' | 'appender'>,
): void {
  metrics.gauge('sockets', 'Open connections, logged in or not', () => listener.size);
  metrics.gauge('connections', 'Logged-in connections', () => users.connectionCount);
  metrics.gauge('connections_pc', 'Logged-in connections of PC clients', () => users.pc.size);
  metrics.gauge(
    'connections_mobile',
    'Logged-in connections of mobile clients',
    () => users.connectionCount - users.pc.size,
  );
  metrics.gauge('online_users', 'Users with a connection', () => users.size);
  metrics.gauge('logins_waiting', 'Logins that wait for their turn', () => logins.waiting);
  metrics.gauge('appends_in_flight', 'Messages that wait for the store', () => appender.pending);
}
