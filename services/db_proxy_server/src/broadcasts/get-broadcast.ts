import type { httpApi } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** Progress of a broadcast. */
export function getBroadcast({
  broadcasts,
}: Context): (
  request: httpApi.api.GetBroadcastRequest,
) => Promise<httpApi.api.BroadcastProgress.$Properties> {
  return async ({ broadcastId, appId }) => {
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
  };
}
