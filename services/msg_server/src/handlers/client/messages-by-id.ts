import { Commands, encodePdu } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';
import { messageList } from './message-list.js';

/** Ids per request at most; further ones are ignored (client-behaviour.md#messages-by-id). */
const maxIds = 100;

/** 0x030d: messages of a session by id; those the user may not see are left out. */
export function getMessagesById(context: Context): Handler {
  const { noticeDowngrade, pool } = context;
  return request(context, Commands.MsgGetByMsgIdReq, async (connection, message, seqNum) => {
    const { userId } = connection;
    const { sessionType, sessionId } = message;
    const msgIds = message.msgIdList.slice(0, maxIds);
    const reply =
      msgIds.length > 0
        ? await pool.call(messages.getMessages, { userId, sessionType, sessionId, msgIds }, queryMs)
        : undefined;
    const msgList = messageList(connection, noticeDowngrade, reply?.messages);
    return [encodePdu(Commands.MsgGetByMsgIdRes, { userId, sessionType, sessionId, msgList }, seqNum)];
  });
}
