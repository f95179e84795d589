import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';
import { fittingSessions, latestMessage } from './message-list.js';

/** 0x0307: the sessions with unread messages, and their total number. */
export function getUnreadCount(context: Context): Handler {
  const { noticeDowngrade, pool } = context;
  return request(context, Commands.MsgUnreadCntRequest, async (connection, _message, seqNum) => {
    const { userId } = connection;
    const { totalCnt, unread } = await pool.call(messages.getUnread, { userId }, queryMs);
    const sessions = (unread ?? []).map((session) => ({
      sessionId: session.sessionId ?? 0,
      sessionType: session.sessionType as IM.BaseDefine.SessionType,
      unreadCnt: session.unreadCnt ?? 0,
      ...latestMessage(connection, noticeDowngrade, session),
    }));
    const unreadinfoList = fittingSessions(connection, sessions);
    return [encodePdu(Commands.MsgUnreadCntResponse, { userId, totalCnt, unreadinfoList }, seqNum)];
  });
}
