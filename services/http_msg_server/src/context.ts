import type { Bus, Registry } from '@teamtalk/bus';
import type { TextCodec } from '@teamtalk/protocol';
import type { MessageAppender, ReplicaPool } from '@teamtalk/rpc';
import type { Logger, Tracing } from '@teamtalk/service-kit';

/** What handlers may use. */
export interface Context {
  /** of this process; with an entry's request id it makes a message's trace id */
  readonly instance: number;
  readonly log: Logger;
  /** undefined: nothing is traced */
  readonly tracing?: Tracing | undefined;
  readonly bus: Bus;
  readonly msgServers: Registry;
  /** The db_proxy_servers. */
  readonly pool: ReplicaPool;
  readonly appender: MessageAppender;
  readonly textCodec: TextCodec;
  /** bytes of the largest message, encrypted */
  readonly maxMessageBytes: number;
}
