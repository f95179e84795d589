import { topics } from '@teamtalk/bus';
import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import { SendRateLimiter } from '../../backpressure/send-rate-limiter.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import type { Handler } from './handler.js';

/** Longest `cmd_msg_data`, in UTF-16 code units. */
const maxCommandLength = 65_536;

/**
 * 0x0601: forwards a command to the receiver's connections and the sender's other ones. The sender is always the
 * connection's user, whatever the PDU says. It is not stored, so offline users miss it. There is no response
 * (client-behaviour.md#p2p-commands).
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
