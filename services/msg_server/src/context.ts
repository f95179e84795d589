import type { Bus, Cluster, Registry, teamtalk } from '@teamtalk/bus';
import { allCommands } from '@teamtalk/protocol';
import { type Kit, withDeadline } from '@teamtalk/service-kit';
import { LoginQueue } from './backpressure/login-queue.js';
import { RequestPace } from './backpressure/request-pace.js';
import { RateLimit } from './backpressure/token-bucket.js';
import { WakeScheduler } from './backpressure/wake-scheduler.js';
import { ChangedCredentials } from './changed-credentials.js';
import type { MsgServerConfig } from './config.js';
import type { Connection } from './connection/connection.js';
import { Deliveries } from './delivery/deliveries.js';
import { LocalUsers } from './delivery/local-users.js';
import { NoticeDowngrade } from './delivery/notice-downgrade.js';
import { SenderCache } from './delivery/sender-cache.js';
import { MsgServerMetrics } from './metrics.js';
import { ChangeNotifications } from './notifications/change-notifications.js';
import { StatusNotifications } from './notifications/status-notifications.js';
import { PresencePublisher } from './presence/presence-publisher.js';
import { openStore, type Store, storedMessages } from './store.js';

/** Milliseconds to publish the last presence changes when the server stops. */
const flushTimeoutMs = 1_500;

/** The dependencies of all handlers. */
export interface Context extends Store {
  readonly kit: Kit;
  readonly config: MsgServerConfig;
  readonly metrics: MsgServerMetrics;
  /** Whether debug is logged; checked once, to keep it off the message path. */
  readonly debug: boolean;
  readonly bus: Bus;
  readonly fileServers: Registry;
  readonly users: LocalUsers;
  readonly changedCredentials: ChangedCredentials;
  readonly logins: LoginQueue<Connection>;
  readonly presence: PresencePublisher;
  readonly deliveries: Deliveries;
  /** What comes over the append streams; set once clients can come. */
  readonly direct: {
    take?: (batch: teamtalk.bus.DeliverBatch.$Properties) => boolean;
    evicted?: () => void;
  };
  readonly senderCache: SenderCache;
  readonly noticeDowngrade: NoticeDowngrade;
  readonly notifications: ChangeNotifications;
  readonly statusNotifications: StatusNotifications;
  readonly rate: RateLimit;
  readonly requestPace: RequestPace<Connection>;
  readonly wakeScheduler: WakeScheduler<Connection>;
}

export function createContext(config: MsgServerConfig, kit: Kit, cluster: Cluster): Context {
  const { health, instance, life, log, tracing } = kit;
  const { bus } = cluster;
  const metrics = new MsgServerMetrics(
    kit.metrics,
    allCommands.map(({ id }) => id),
  );
  const routeServers = cluster.follow('route_server');
  const fileServers = cluster.follow('file_server');
  const direct: Context['direct'] = {};
  const store = openStore(config, kit, cluster, {
    deliver: (batch) => direct.take?.(batch) ?? false,
    evicted: () => direct.evicted?.(),
  });
  const { dbProxies } = store;
  health.addCheck('route_server', () => routeServers.all().length > 0);
  const senderCache = new SenderCache();
  const users = new LocalUsers();
  const logins = new LoginQueue<Connection>({
    maxInFlight: config.limits.logins,
    rate: new RateLimit(config.loginRate.perSecond, config.loginRate.burst),
    onWaited: (seconds) => metrics.loginWaitSeconds.observe(seconds),
  });
  const noticeDowngrade = new NoticeDowngrade(config.pushNoticeAsText);
  const deliveries = new Deliveries({
    ...storedMessages(store.pool),
    users,
    instance,
    senderCache,
    noticeDowngrade,
    metrics,
    log,
    tracing,
  });
  life.onStop('deliveries', () => deliveries.stop());
  const presence = new PresencePublisher({ bus, instance, routeServers, dbProxies, users, metrics, log });
  life.onStop('presence', () =>
    withDeadline(presence.settle(), flushTimeoutMs, 'publishing presence changes'),
  );
  const notifications = new ChangeNotifications(bus, metrics);
  life.onStop('change notifications', () => notifications.stop());
  const statusNotifications = new StatusNotifications(users, config.presenceBroadcast);
  life.onStop('status notifications', () => statusNotifications.stop());
  const wakeScheduler = new WakeScheduler<Connection>();
  life.onStop('wake scheduler', () => wakeScheduler.stop());
  const requestRate = new RateLimit(config.requestRate.perSecond, config.requestRate.burst);
  const requestPace = new RequestPace(requestRate, wakeScheduler, () =>
    metrics.throttled.inc({ reason: 'cost' }),
  );
  return {
    ...store,
    kit,
    config,
    metrics,
    debug: log.isLevelEnabled('debug'),
    bus,
    fileServers,
    users,
    changedCredentials: new ChangedCredentials(),
    logins,
    presence,
    deliveries,
    direct,
    senderCache,
    noticeDowngrade,
    notifications,
    statusNotifications,
    rate: new RateLimit(config.rate.perSecond, config.rate.burst),
    requestPace,
    wakeScheduler,
  };
}
