import type { Bus, Registry } from '@teamtalk/bus';
import type { LoginStream, MessageAppender, ReadMarker, ReplicaPool } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';
import type { LoginQueue } from './backpressure/login-queue.js';
import type { Throttle } from './backpressure/throttle.js';
import type { RateLimit } from './backpressure/token-bucket.js';
import type { MsgServerConfig } from './config.js';
import type { Connection } from './connection/connection.js';
import type { Deliveries } from './delivery/deliveries.js';
import type { LocalUsers } from './delivery/local-users.js';
import type { NoticeText } from './delivery/notice-text.js';
import type { RecentTickets } from './delivery/recent-tickets.js';
import type { MsgServerMetrics } from './metrics.js';
import type { ChangeNotices } from './notices/change-notices.js';
import type { StatusNotices } from './notices/status-notices.js';
import type { PresencePublisher } from './presence/presence-publisher.js';

/** What handlers may use. */
export interface Context {
  readonly kit: Kit;
  readonly config: MsgServerConfig;
  readonly metrics: MsgServerMetrics;
  /** Whether the log shows level debug: asked once, because it costs on the message path. */
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
  readonly tickets: RecentTickets;
  readonly noticeText: NoticeText;
  readonly notices: ChangeNotices;
  readonly statusNotices: StatusNotices;
  readonly rate: RateLimit;
  readonly throttle: Throttle<Connection>;
}
