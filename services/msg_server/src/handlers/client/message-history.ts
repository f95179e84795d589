import { Commands, encodePdu } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';
import { messageList } from './message-list.js';

/** 0x0309: messages of a session from an id backwards, or the newest, newest first. */
export function getMessageHistory(context: Context): Handler {
  const { config, noticeText, pool } = context;
  return request(context, Commands.MsgListRequest, async (connection, message, seqNum) => {
    const { userId } = connection;
    const { sessionType, sessionId, msgIdBegin } = message;
    const msgCnt = Math.min(message.msgCnt, config.limits.history);
    const reply =
      msgCnt > 0
        ? await pool.call(
            messages.getHistory,
            { userId, sessionType, sessionId, msgIdBegin, msgCnt },
            queryMs,
          )
        : undefined;
    const msgList = messageList(connection, noticeText, reply?.messages);
    return [
      encodePdu(Commands.MsgListResponse, { userId, sessionType, sessionId, msgIdBegin, msgList }, seqNum),
    ];
  });
}
