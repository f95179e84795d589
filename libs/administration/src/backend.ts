import type { Bus, Registry } from '@teamtalk/bus';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { Logger } from '@teamtalk/service-kit';
import type { MemberPace } from './member-pace.js';

/** Calls the store: the db_proxy_servers directly, or on behalf of a console account. */
export type Store = Pick<ReplicaPool, 'call' | 'callOnce'>;

/** The connections and services that operations use. */
export interface Backend {
  readonly bus: Bus;
  readonly log: Logger;
  readonly memberPace: MemberPace;
  readonly msgServers: Registry;
  readonly pool: Store;
}
