import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { messages } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

const { SESSION_TYPE_SINGLE } = IM.BaseDefine.SessionType;

/**
 * 0x0206: removes a session and its unread count from the user's list until its next message; refused if there is no
 * such session. For a single session the user's other connections are notified by 0x020f
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
