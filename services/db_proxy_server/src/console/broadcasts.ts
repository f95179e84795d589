import { consoleApi, type consoleBroadcasts } from '@teamtalk/rpc';
import type { BroadcastWorker } from '../broadcasts/broadcast-worker.js';
import type { Context } from '../context.js';
import type { ConsoleHandlers } from './work.js';

const { BROADCAST_CONFLICT, BROADCAST_NOT_FOUND, BROADCAST_SAVED } = consoleApi.console.BroadcastOutcome;

const results = {
  saved: BROADCAST_SAVED,
  'not-found': BROADCAST_NOT_FOUND,
  conflict: BROADCAST_CONFLICT,
} as const;

/** The gRPC service ConsoleBroadcasts. */
export function broadcastHandlers(
  { broadcastOrders }: Pick<Context, 'broadcastOrders'>,
  worker: Pick<BroadcastWorker, 'wake'>,
): ConsoleHandlers<typeof consoleBroadcasts> {
  return {
    async listBroadcasts() {
      const [orders, senders] = await Promise.all([broadcastOrders.all(), broadcastOrders.senders()]);
      return {
        broadcasts: orders.map(({ id, endedAt, cancelledBy, ...order }) => ({
          ...order,
          broadcastId: id,
          endedAt: endedAt ?? 0,
          cancelledBy: cancelledBy ?? '',
        })),
        senders: senders.map(({ id, name }) => ({ userId: id, name })),
      };
    },

    async previewBroadcast({ fromUserId, audience, ids }) {
      const receivers = await broadcastOrders.preview({ fromUserId, audience, ids });
      return receivers === undefined ? { found: false } : { found: true, receivers };
    },

    async orderBroadcast({ key, fromUserId, message, audience, ids, sendAt }, { actor }) {
      const order = { key, fromUserId, message, audience, ids, sendAt };
      const outcome = await broadcastOrders.create(order, actor);
      if (outcome.result !== 'saved') return { result: results[outcome.result] };
      worker.wake();
      return { result: BROADCAST_SAVED, broadcastId: outcome.id };
    },

    async cancelBroadcast({ broadcastId }, { actor }) {
      const outcome = await broadcastOrders.cancel(broadcastId, actor);
      return { result: results[outcome.result], broadcastId };
    },
  };
}
