import { teamtalk, topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk } from './handler.js';

const { PC } = teamtalk.bus.ClientClass;
const { KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;

/**
 * 0x010a: a mobile client kicks the user's PC clients on all msg_servers; it succeeds even if there are none. From a PC
 * client it is ignored (client-behaviour.md#kicking-the-pc).
 */
export function kickPc(context: Context): Handler {
  const { bus, metrics } = context;
  return request(context, Commands.LoginReqKickpcclient, async (connection, _message, seqNum) => {
    const { userId } = connection;
    if (!connection.isMobile) {
      metrics.refused.inc({ command: commandLabel(Commands.LoginReqKickpcclient.id) });
      return [];
    }
    await bus.request(topics.kickUser, { userId, clientClass: PC, reason: KICK_REASON_MOBILE_KICK }, queryMs);
    return [encodePdu(Commands.LoginResKickpcclient, { userId, resultCode: resultOk }, seqNum)];
  });
}
