import type { Handlers, broadcasts as service } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import type { BroadcastWorker } from './broadcast-worker.js';
import { createBroadcast } from './create-broadcast.js';

/** The gRPC service Broadcasts. */
export function broadcastsRpc(
  context: Context,
  worker: Pick<BroadcastWorker, 'wake'>,
): Handlers<typeof service> {
  const { broadcasts } = context;
  return {
    createBroadcast: createBroadcast(context, worker),

    /** Progress of a broadcast. */
    async getBroadcast({ broadcastId, appId }) {
      const row = await broadcasts.progress(broadcastId, appId);
      if (!row) return { found: false };
      return {
        found: true,
        fromUserId: row.from_id,
        msgType: row.type,
        receivers: row.receiver_count,
        stored: row.stored_count,
        refused: row.refused_count,
        refusedIds: row.refused_ids,
        createdAt: row.created_at,
        finishedAt: row.finished_at ?? 0,
      };
    },
  };
}
