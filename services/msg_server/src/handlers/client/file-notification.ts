import { teamtalk, topics } from '@teamtalk/bus';
import { Commands, encodePdu, type PropertiesOf } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

const { PC } = teamtalk.bus.ClientClass;

/** Notifies the receiver's PC clients of a file by 0x0508, except the sending connection if both are the same user. */
export function notifyOfFile(
  { bus, kit }: Context,
  { id }: Connection,
  notice: PropertiesOf<typeof Commands.FileNotify>,
): void {
  bus.publish(topics.notifyUsers, {
    userIds: [notice.toUserId],
    pdu: encodePdu(Commands.FileNotify, notice, 0),
    clientClass: PC,
    exceptInstance: kit.instance,
    exceptConnection: id,
  });
}
