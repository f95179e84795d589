import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

/**
 * 0x0213: changes the user's signature and notifies everyone by 0x0215. One longer than 128 characters is refused, not
 * truncated (client-behaviour.md#avatars-and-signatures).
 */
export function changeSignature(context: Context): Handler {
  const { metrics, notifications, pool } = context;
  const command = Commands.BuddyListChangeSignInfoRequest;
  return request(context, command, async ({ userId }, { signInfo }, seqNum) => {
    const { done } = await pool.call(accounts.changeSignature, { userId, signInfo }, queryMs);
    if (!done) {
      metrics.refused.inc({ command: commandLabel(command.id) });
      const answer = { userId, resultCode: resultRefused };
      return [encodePdu(Commands.BuddyListChangeSignInfoResponse, answer, seqNum)];
    }
    const notice = { changedUserId: userId, signInfo };
    notifications.notify(
      `signature ${userId}`,
      encodePdu(Commands.BuddyListSignInfoChangedNotify, notice, 0),
    );
    const answer = { userId, resultCode: resultOk, signInfo };
    return [encodePdu(Commands.BuddyListChangeSignInfoResponse, answer, seqNum)];
  });
}
