import type { Bus, Registry } from '@teamtalk/bus';
import type { LoginStream, MessageAppender, ReadMarker, ReplicaPool } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';
import type { LoginQueue } from './backpressure/login-queue.js';
import type { RateLimit } from './backpressure/token-bucket.js';
import type { WakeScheduler } from './backpressure/wake-scheduler.js';
import type { MsgServerConfig } from './config.js';
import type { Connection } from './connection/connection.js';
import type { Deliveries } from './delivery/deliveries.js';
import type { LocalUsers } from './delivery/local-users.js';
import type { NoticeDowngrade } from './delivery/notice-downgrade.js';
import type { SenderCache } from './delivery/sender-cache.js';
import type { MsgServerMetrics } from './metrics.js';
import type { ChangeNotifications } from './notifications/change-notifications.js';
import type { StatusNotifications } from './notifications/status-notifications.js';
import type { PresencePublisher } from './presence/presence-publisher.js';

/** The dependencies of all handlers. */
export interface Context {
  readonly kit: Kit;
  readonly config: MsgServerConfig;
  readonly metrics: MsgServerMetrics;
  /** Whether debug is logged; checked once, to keep it off the message path. */
  readonly debug: boolean;
  readonly bus: Bus;
  /** The db_proxy_servers. */
  readonly pool: ReplicaPool;
  readonly appender: MessageAppender;
  readonly marker: ReadMarker;
  readonly loginChecks: LoginStream;
  readonly fileServers: Registry;
  readonly users: LocalUsers;
  readonly logins: LoginQueue<Connection>;
  readonly presence: PresencePublisher;
  readonly deliveries: Deliveries;
  readonly senderCache: SenderCache;
  readonly noticeDowngrade: NoticeDowngrade;
  readonly notifications: ChangeNotifications;
  readonly statusNotifications: StatusNotifications;
  readonly rate: RateLimit;
  readonly wakeScheduler: WakeScheduler<Connection>;
}
