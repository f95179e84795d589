import { type Cluster, type Registry, rendezvous } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import {
  type AppenderOptions,
  connectStore,
  type LoginStream,
  loginStream,
  type MessageAppender,
  messageAppender,
  messages,
  type ReadMarker,
  type ReplicaPool,
  readMarker,
  type WriterOptions,
} from '@teamtalk/rpc';
import { type Kit, withDeadline } from '@teamtalk/service-kit';
import { asBuffer } from './bytes.js';
import type { MsgServerConfig } from './config.js';
import type { Conversation } from './delivery/delivered-message.js';
import type { FetchedMessage } from './delivery/gap-filler.js';

const { SESSION_TYPE_GROUP: groupSession } = IM.BaseDefine.SessionType;

/** Milliseconds after which an entry without a result is given up. */
const resultMs = 10_000;
/** Milliseconds the store has to respond when a gap is filled. */
const fetchMs = 2_000;

/** The store, as msg_server uses it. */
export interface Store {
  /** The db_proxy_servers. */
  readonly dbProxies: Registry;
  readonly pool: ReplicaPool;
  readonly appender: MessageAppender;
  readonly marker: ReadMarker;
  readonly loginChecks: LoginStream;
}

/**
 * Entries in flight are waited for when the service stops.
 * @param deliver takes stored messages for users of this server; both come over the stream of messages
 */
export function openStore(
  { flush, limits, rpcTls }: MsgServerConfig,
  kit: Kit,
  cluster: Cluster,
  { deliver, evicted }: Pick<AppenderOptions, 'deliver' | 'evicted'>,
): Store {
  const { health, instance, life, log } = kit;
  const { pool, dbProxies } = connectStore(kit, cluster, rpcTls);
  const options: WriterOptions = {
    instance,
    choose: rendezvous,
    log,
    deadlineMs: resultMs,
    flushMs: flush.appendMs,
    maxPending: limits.appends,
  };
  const appender = messageAppender(pool, { ...options, deliver, evicted });
  const marker = readMarker(pool, options);
  const loginChecks = loginStream(pool, { ...options, flushMs: 0 });
  // Stricter than that of connectStore: messages can be stored.
  health.addCheck('db_proxy_server', () => appender.available);
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
  return { dbProxies, pool, appender, marker, loginChecks };
}

/** What deliveries read from the store. */
export function storedMessages(pool: ReplicaPool) {
  return {
    async fetchRange(conversation: Conversation, first: number, last: number): Promise<FetchedMessage[]> {
      const range = { ...conversation, firstMsgId: first, lastMsgId: last };
      const reply = await pool.call(messages.getStoredRange, range, fetchMs);
      return (reply.messages ?? []).map((message) => ({
        msgId: message.msgId ?? 0,
        originInstance: message.originInstance ?? 0,
        originRequestId: message.originRequestId ?? 0,
        pdu: asBuffer(message.pdu),
      }));
    },
    async findVisible(userId: number, groupId: number, msgIds: number[]): Promise<number[]> {
      const session = { userId, sessionType: groupSession, sessionId: groupId };
      const reply = await pool.call(messages.getMessages, { ...session, msgIds }, fetchMs);
      return (reply.messages ?? []).map(({ msgId }) => msgId ?? 0);
    },
  };
}
