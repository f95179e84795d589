import { Commands, encodePdu, type MessageOf } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';
import { messageList } from './message-list.js';

type Request = MessageOf<typeof Commands.MsgGetByMsgIdReq>;

/** Ids per request at most; further ones are ignored (client-behaviour.md#messages-by-id). */
const maxIds = 100;

/** 0x030d: messages of a session by id; those the user may not see are left out. */
export function getMessagesById(context: Context): Handler {
  const { noticeDowngrade, pool } = context;
  const list = { field: 4, isNumbers: true, max: maxIds };
  const answer = async (connection: Connection, message: Request, seqNum: number) => {
    const { userId } = connection;
    const { sessionType, sessionId, msgIdList: msgIds } = message;
    const reply =
      msgIds.length > 0
        ? await pool.call(messages.getMessages, { userId, sessionType, sessionId, msgIds }, queryMs)
        : undefined;
    const msgList = messageList(connection, noticeDowngrade, reply?.messages);
    return [encodePdu(Commands.MsgGetByMsgIdRes, { userId, sessionType, sessionId, msgList }, seqNum)];
  };
  return request(context, Commands.MsgGetByMsgIdReq, answer, { list });
}
