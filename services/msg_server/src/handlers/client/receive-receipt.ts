import { Commands, decodeBody, IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';
import type { Handler } from './handler.js';

const { SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/**
 * 0x0302 from a client acknowledges a delivered message. A message that a phone has acknowledged is not pushed to it.
 * Receipts have no other effect, so a PC's are not decoded.
 */
export function receiveReceipt({ users }: Pick<Context, 'users'>): Handler {
  return (connection, pdu) => {
    if (!connection.isMobile) return true;
    const { userId, sessionId, sessionType, msgId } = decodeBody(Commands.MsgDataAck, pdu.body);
    // Android sends the sender's id as user and its own as session (client-behaviour.md#receipts).
    const peer = sessionId === connection.userId ? userId : sessionId;
    const key = sessionType === SESSION_TYPE_GROUP ? -sessionId : peer;
    const cursor = users.get(connection.userId)?.conversations?.get(key);
    if (cursor && msgId <= cursor.last && msgId > cursor.acknowledged) cursor.acknowledged = msgId;
    return true;
  };
}
