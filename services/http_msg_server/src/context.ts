import { MemberPace } from '@teamtalk/administration';
import { type Bus, type Cluster, type Registry, rendezvous } from '@teamtalk/bus';
import { createTextCodec, type TextCodec } from '@teamtalk/protocol';
import { connectStore, type MessageAppender, messageAppender, type ReplicaPool } from '@teamtalk/rpc';
import type { Kit, Logger, Tracing } from '@teamtalk/service-kit';
import type { HttpMsgServerConfig } from './config.js';

/** Milliseconds messages wait to be batched into a frame to db_proxy_server. */
const flushMs = 1;

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
  readonly memberPace: MemberPace;
  readonly textCodec: TextCodec;
  /** bytes of an encrypted message at most */
  readonly maxMessageBytes: number;
}

export function createContext(config: HttpMsgServerConfig, kit: Kit, cluster: Cluster): Context {
  const { health, instance, life, log, metrics, tracing } = kit;
  const { limits, timeouts } = config;
  const { pool } = connectStore(kit, cluster, config.rpcTls);
  const msgServers = cluster.follow('msg_server');
  const appender = messageAppender(pool, {
    instance,
    choose: rendezvous,
    log,
    deadlineMs: timeouts.storeMs,
    flushMs,
    maxPending: limits.appends,
  });
  // Stricter than that of connectStore: messages can be stored.
  health.addCheck('db_proxy_server', () => appender.available);
  metrics.gauge('appends_pending', 'Messages waiting for the store’s result', () => appender.pending);
  life.onStop('in-flight messages', async () => {
    await appender.settle();
    appender.stop();
  });
  return {
    instance,
    log,
    tracing,
    bus: cluster.bus,
    msgServers,
    pool,
    appender,
    memberPace: new MemberPace(config.groupRate.perSecond, config.groupRate.burst),
    textCodec: createTextCodec(config.textKey),
    maxMessageBytes: limits.messageBytes,
  };
}
