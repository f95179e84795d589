import type { Bus, Registry } from '@teamtalk/bus';
import type { TextCodec } from '@teamtalk/protocol';
import type { MessageAppender, ReplicaPool } from '@teamtalk/rpc';
import type { Logger, Tracing } from '@teamtalk/service-kit';

/** The dependencies of all handlers. */
export interface Context {
  /** of this process; part of a message's trace id, with the request id */
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
  /** bytes of an encrypted message at most */
  readonly maxMessageBytes: number;
}
