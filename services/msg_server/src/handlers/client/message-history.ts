import { Commands, encodePdu } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { historyBytes } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { messageList } from './message-list.js';

/**
 * 0x0309: messages of a session, newest first, from an id backwards or from the newest: at most the requested number,
 * for Windows all unread ones, and what fits the client's frame limit (client-behaviour.md#history).
 */
export function getMessageHistory(context: Context): Handler {
  const { config, noticeDowngrade, pool } = context;
  return request(context, Commands.MsgListRequest, async (connection, message, seqNum) => {
    const { userId } = connection;
    const { sessionType, sessionId, msgIdBegin } = message;
    const msgCnt = Math.min(message.msgCnt, config.limits.history);
    const reply =
      msgCnt > 0
        ? await pool.call(
            messages.getHistory,
            { userId, sessionType, sessionId, msgIdBegin, msgCnt, maxBytes: historyBytes(connection) },
            queryMs,
          )
        : undefined;
    const msgList = messageList(connection, noticeDowngrade, reply?.messages);
    return [
      encodePdu(Commands.MsgListResponse, { userId, sessionType, sessionId, msgIdBegin, msgList }, seqNum),
    ];
  });
}
