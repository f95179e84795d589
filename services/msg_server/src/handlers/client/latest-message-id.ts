import { Commands, encodePdu } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';

/** 0x030b: the id of a session's latest message that the user may see; 0: none. */
export function getLatestMessageId(context: Context): Handler {
  return request(context, Commands.MsgGetLatestMsgIdReq, async ({ userId }, message, seqNum) => {
    const { sessionType, sessionId } = message;
    const session = { userId, sessionType, sessionId };
    const { msgId } = await context.pool.call(messages.getLatestMessageId, session, queryMs);
    return [encodePdu(Commands.MsgGetLatestMsgIdRsp, { ...session, latestMsgId: msgId }, seqNum)];
  });
}
