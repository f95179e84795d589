import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';
import { fittingSessions, latestMessage } from './message-list.js';

/** 0x0201: the user's sessions changed after a given time, newest first, each with its latest message. */
export function listRecentSessions(context: Context): Handler {
  const { noticeDowngrade, pool } = context;
  return request(
    context,
    Commands.BuddyListRecentContactSessionRequest,
    async (connection, { latestUpdateTime }, seqNum) => {
      const { userId } = connection;
      const reply = await pool.call(
        messages.getRecentSessions,
        { userId, updatedAfter: latestUpdateTime },
        queryMs,
      );
      const sessions = (reply.sessions ?? []).map((session) => ({
        sessionId: session.sessionId ?? 0,
        sessionType: session.sessionType as IM.BaseDefine.SessionType,
        sessionStatus: (session.sessionStatus ?? 0) as IM.BaseDefine.SessionStatusType,
        updatedTime: session.updatedTime ?? 0,
        ...latestMessage(connection, noticeDowngrade, session),
      }));
      const contactSessionList = fittingSessions(connection, sessions);
      return [
        encodePdu(Commands.BuddyListRecentContactSessionResponse, { userId, contactSessionList }, seqNum),
      ];
    },
  );
}
