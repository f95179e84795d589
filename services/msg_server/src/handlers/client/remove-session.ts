import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

const { SESSION_TYPE_SINGLE } = IM.BaseDefine.SessionType;

/**
 * 0x0206: takes a session off the user's list, its unread count with it, until a later message; refused
 * where he has no such session. That of a single session is told to his other connections by 0x020f
 * (client-behaviour.md#recent-sessions).
 */
export function removeSession(context: Context): Handler {
  const { bus, kit, metrics, pool } = context;
  return request(context, Commands.BuddyListRemoveSessionReq, async (connection, message, seqNum) => {
    const { userId } = connection;
    const { sessionType, sessionId } = message;
    const session = { userId, sessionType, sessionId };
    const { done } = await pool.call(messages.removeSession, session, queryMs);
    if (!done) metrics.refused.inc({ command: commandLabel(Commands.BuddyListRemoveSessionReq.id) });
    if (done && sessionType === SESSION_TYPE_SINGLE) {
      bus.publish(topics.notifyUsers, {
        userIds: [userId],
        pdu: encodePdu(Commands.BuddyListRemoveSessionNotify, session, 0),
        exceptInstance: kit.instance,
        exceptConnection: connection.id,
      });
    }
    const resultCode = done ? resultOk : resultRefused;
    return [encodePdu(Commands.BuddyListRemoveSessionRes, { ...session, resultCode }, seqNum)];
  });
}
