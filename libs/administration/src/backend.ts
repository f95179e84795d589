import type { Bus, Registry } from '@teamtalk/bus';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { Logger } from '@teamtalk/service-kit';
import type { MemberPace } from './member-pace.js';

/** What calls the store: the db_proxy_servers, or what calls them in somebody's name. */
export type Store = Pick<ReplicaPool, 'call' | 'callOnce'>;

/** What operations act through. */
export interface Backend {
  readonly bus: Bus;
  readonly log: Logger;
  readonly memberPace: MemberPace;
  readonly msgServers: Registry;
  readonly pool: Store;
}
