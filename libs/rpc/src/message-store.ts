import type { Logger } from '@teamtalk/service-kit';
import type { teamtalk } from '../gen/db_proxy.js';
import { BatchedStream } from './batched-stream.js';
import { messages } from './definitions.js';
import type { Replica, ReplicaPool } from './replica-pool.js';

export type AppendEntry = teamtalk.db.AppendEntry.$Properties;
export type AppendResult = teamtalk.db.AppendResult;
export type ReadEntry = teamtalk.db.ReadEntry.$Properties;
export type ReadResult = teamtalk.db.ReadResult;

export interface WriterOptions {
  /** The process that writes; part of every message's trace id. */
  instance: number;
  choose: (key: number, replicas: readonly Replica[]) => Replica | undefined;
  log: Logger;
  deadlineMs: number;
  flushMs: number;
  maxPending: number;
}

/**
 * A key (unsigned 32-bit) that keeps the messages of one conversation together; it is the same for both users of a pair.
 */
export function conversationKey(isGroup: boolean, fromUserId: number, toSessionId: number): number {
  if (isGroup) return Math.imul(toSessionId, 0x9e3779b1) >>> 0;
  const low = Math.min(fromUserId, toSessionId);
  const high = Math.max(fromUserId, toSessionId);
  return (Math.imul(low, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35)) >>> 0;
}

export interface AppenderOptions extends WriterOptions {
  /**
   * Takes stored messages for the users of this process. Left out: none are sent to it.
   * @returns whether they count as delivered
   */
  deliver?: (batch: teamtalk.bus.DeliverBatch.$Properties) => boolean;
  /** This process was taken for dead: messages may have been sent past its users. */
  evicted?: () => void;
}

/** The stream of messages to be stored, and of stored ones to be delivered. */
export function messageAppender(
  pool: ReplicaPool,
  { instance, deliver, evicted, ...options }: AppenderOptions,
) {
  return new BatchedStream<
    AppendEntry & { requestId: number },
    AppendResult,
    teamtalk.db.AppendFrame.$Properties,
    teamtalk.db.AppendResults
  >(pool, {
    ...options,
    method: messages.append,
    toFrame: (entries, confirmed, horizon, received) => {
      return { originInstance: instance, entries, confirmed, horizon, seen: received + 1 };
    },
    results: (frame) => frame.results as AppendResult[],
    horizon: (frame) => frame.horizon,
    ...(deliver && {
      opening: { originInstance: instance, takesDeliveries: true },
      receive: (frame, confirm) => {
        const { deliveries } = frame;
        if (frame.evicted) evicted?.();
        for (const { number, batch } of deliveries ?? []) {
          try {
            if (deliver(batch ?? {})) confirm(number ?? 0);
          } catch (error) {
            options.log.error({ err: error }, 'delivering messages failed');
          }
        }
      },
    }),
  });
}

/** The stream of read positions. */
export function readMarker(pool: ReplicaPool, { instance: _, ...options }: WriterOptions) {
  return new BatchedStream<
    ReadEntry & { requestId: number },
    ReadResult,
    teamtalk.db.ReadFrame.$Properties,
    teamtalk.db.ReadResults
  >(pool, {
    ...options,
    method: messages.markRead,
    toFrame: (entries) => ({ entries }),
    results: (frame) => frame.results as ReadResult[],
  });
}

export type MessageAppender = ReturnType<typeof messageAppender>;
export type ReadMarker = ReturnType<typeof readMarker>;
