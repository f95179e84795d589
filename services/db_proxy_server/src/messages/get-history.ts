import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { toMessageList } from './message-list.js';
import { sessionKey } from './session-key.js';

/**
 * Most messages in one reply. Only a safety limit: clients request all unread messages at once, and replies are bounded
 * by bytes (client-behaviour.md#history).
 */
const maxMessages = 10_000;
const fromNewest = 0xffff_ffff;

/** A page of a conversation's history (0x0309; client-behaviour.md#history). Empty for users who may not read it. */
export function getHistory({
  messages,
}: Context): (request: teamtalk.db.HistoryRequest) => Promise<teamtalk.db.MessageList.$Properties> {
  return async (request) => {
    const begin = request.msgIdBegin === 0 ? fromNewest : request.msgIdBegin;
    const count = Math.min(request.msgCnt, maxMessages);
    return toMessageList(await messages.history(sessionKey(request), begin, count, request.maxBytes));
  };
}
