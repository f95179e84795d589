import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';
import { tellEverybody } from './tell-everybody.js';

/**
 * 0x0213: changes the user's signature and notifies everyone by 0x0215. One longer than 128 characters is refused, not
 * truncated (client-behaviour.md#avatars-and-signatures).
 */
export function changeSignature(context: Context): Handler {
  const { metrics, pool } = context;
  const command = Commands.BuddyListChangeSignInfoRequest;
  return request(context, command, async (connection, { signInfo }, seqNum) => {
    const { userId } = connection;
    const { done } = await pool.call(accounts.changeSignature, { userId, signInfo }, queryMs);
    if (!done) {
      metrics.refused.inc({ command: commandLabel(command.id) });
      const answer = { userId, resultCode: resultRefused };
      return [encodePdu(Commands.BuddyListChangeSignInfoResponse, answer, seqNum)];
    }
    const notice = { changedUserId: userId, signInfo };
    const pdu = encodePdu(Commands.BuddyListSignInfoChangedNotify, notice, 0);
    tellEverybody(context, connection, 'signature', pdu);
    const answer = { userId, resultCode: resultOk, signInfo };
    return [encodePdu(Commands.BuddyListChangeSignInfoResponse, answer, seqNum)];
  });
}
