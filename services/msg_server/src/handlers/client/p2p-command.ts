import { topics } from '@teamtalk/bus';
import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import { SendRateLimiter } from '../../backpressure/send-rate-limiter.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import type { Handler } from './handler.js';

/** Longest `cmd_msg_data`, UTF-16 units; what clients send one another is some hundred. */
const maxCommandLength = 65_536;

/**
 * 0x0601: a command from the connection's user, whatever it says of itself, to the receiver's connections and
 * the sender's other ones. Nothing is kept: whoever is not there misses it. It has no answer (protocol
 * notes, sections 1 and 7).
 */
export function sendP2pCommand(context: Context): Handler {
  const { bus, kit, metrics } = context;
  const rateLimiter = new SendRateLimiter(context);

  return (connection, pdu) => {
    const now = performance.now();
    if (rateLimiter.throttles(connection, now)) return false;
    const { toUserId, cmdMsgData } = decodeBody(Commands.SwitchP2pCmd, pdu.body);
    rateLimiter.count(connection, now);
    if (toUserId === 0 || cmdMsgData.length > maxCommandLength) {
      metrics.refused.inc({ command: commandLabel(Commands.SwitchP2pCmd.id) });
      return true;
    }
    const fromUserId = connection.userId;
    bus.publish(topics.notifyUsers, {
      userIds: [...new Set([toUserId, fromUserId])],
      pdu: encodePdu(Commands.SwitchP2pCmd, { fromUserId, toUserId, cmdMsgData }, 0),
      exceptInstance: kit.instance,
      exceptConnection: connection.id,
    });
    return true;
  };
}
