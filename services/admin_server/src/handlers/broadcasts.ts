import { ask, momentOf, Problem, Refusal } from '@teamtalk/administration';
import { consoleApi, consoleBroadcasts as store } from '@teamtalk/rpc';
import type { ApiReply } from '../api/index.js';
import type { Handlers } from './handler.js';

type Broadcast = ApiReply<'listBroadcasts'>['broadcasts'][number];

const { BROADCAST_CONFLICT, BROADCAST_NOT_FOUND } = consoleApi.console.BroadcastOutcome;

const noSender = 'there is no such bot';
/** Milliseconds the store has to cancel, which waits for the batch that is being stored. */
const cancelMs = 10_000;

export const broadcasts: Handlers<
  'listBroadcasts' | 'previewBroadcast' | 'createBroadcast' | 'cancelBroadcast'
> = {
  async listBroadcasts(call) {
    const reply = await ask(call, store.listBroadcasts, {});
    const senders = reply.senders as consoleApi.console.BroadcastSender[];
    return {
      broadcasts: (reply.broadcasts as consoleApi.console.Broadcast[]).map(shown),
      senders: senders.map(({ userId, name }) => ({ user_id: userId, name })),
    };
  },

  async previewBroadcast(call, { query: { from_user_id: fromUserId, audience, ids = '' } }) {
    const chosen = ids === '' ? [] : ids.split(',').map(Number);
    const request = { fromUserId, audience, ids: chosen };
    const { found, receivers } = await ask(call, store.previewBroadcast, request);
    if (!found) throw new Problem('not-found', noSender);
    return { receivers };
  },

  async createBroadcast(call, { body }) {
    const { key, from_user_id: fromUserId, message, audience, ids, send_at: at } = body;
    const sendAt = (at === null ? Date.now() : Date.parse(at)) / 1000;
    const request = { key, fromUserId, message, audience, ids, sendAt };
    const { result, broadcastId } = await ask(call, store.orderBroadcast, request);
    if (result === BROADCAST_NOT_FOUND) throw new Problem('not-found', noSender);
    if (result === BROADCAST_CONFLICT) throw new Refusal('too-many-broadcasts');
    return { broadcast_id: broadcastId };
  },

  async cancelBroadcast(call, { params: { broadcast_id: broadcastId } }) {
    const { result } = await ask(call, store.cancelBroadcast, { broadcastId }, cancelMs);
    if (result === BROADCAST_NOT_FOUND) throw new Problem('not-found', 'there is no such broadcast');
    if (result === BROADCAST_CONFLICT) throw new Refusal('broadcast-ended');
    return undefined;
  },
};

function shown(broadcast: consoleApi.console.Broadcast): Broadcast {
  return {
    broadcast_id: broadcast.broadcastId,
    from_user_id: broadcast.fromUserId,
    from_name: broadcast.fromName,
    message: broadcast.message,
    audience: broadcast.audience as Broadcast['audience'],
    chosen: broadcast.chosen,
    names: broadcast.names,
    state: broadcast.state as Broadcast['state'],
    created_by: broadcast.createdBy,
    created_at: momentOf(broadcast.createdAt),
    send_at: momentOf(broadcast.sendAt),
    ended_at: broadcast.endedAt === 0 ? null : momentOf(broadcast.endedAt),
    cancelled_by: broadcast.cancelledBy || null,
    receivers: broadcast.receivers,
    stored: broadcast.stored,
    refused: broadcast.refused,
  };
}
