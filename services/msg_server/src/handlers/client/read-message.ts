import { topics } from '@teamtalk/bus';
import { Commands, decodeBody, encodePdu, IM, type MessageOf } from '@teamtalk/protocol';
import { conversationKey } from '@teamtalk/rpc';
import { AppendBackpressure } from '../../backpressure/append-backpressure.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import type { Handler } from './handler.js';

type ReadAck = MessageOf<typeof Commands.MsgReadAck>;

const { SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/**
 * 0x0303: moves the user's read position in a session, then notifies the user's other connections on all msg_servers by
 * 0x0304. There is no response. A read mark whose session is the user themselves is ignored
 * (client-behaviour.md#read-acknowledgement).
 */
export function readMessage(context: Context): Handler {
  const { bus, config, kit, marker, metrics } = context;
  const backpressure = new AppendBackpressure<Connection>(() => marker.full);

  const notifyOtherConnections = (
    connection: Connection,
    { sessionId, sessionType }: ReadAck,
    msgId: number,
  ) => {
    const { userId } = connection;
    bus.publish(topics.notifyUsers, {
      userIds: [userId],
      pdu: encodePdu(Commands.MsgReadNotify, { userId, sessionId, msgId, sessionType }, 0),
      exceptInstance: kit.instance,
      exceptConnection: connection.id,
    });
  };

  return (connection, pdu) => {
    if (connection.pendingWrites >= config.limits.inFlight || backpressure.blocks(connection)) return false;
    const message = decodeBody(Commands.MsgReadAck, pdu.body);
    const { userId } = connection;
    const { sessionId } = message;
    const isGroup = message.sessionType === SESSION_TYPE_GROUP;
    if (sessionId === 0 || (sessionId === userId && !isGroup)) {
      metrics.badPdu(connection, 'content');
      return true;
    }
    connection.pendingWrites++;
    marker.send(
      { requestId: 0, userId, sessionType: message.sessionType, sessionId, msgId: message.msgId },
      conversationKey(isGroup, userId, sessionId),
      (result) => {
        if (result && result.msgId > 0) notifyOtherConnections(connection, message, result.msgId);
        else metrics.readsFailed.inc();
        connection.writeDone();
        backpressure.freed();
      },
    );
    return true;
  };
}
