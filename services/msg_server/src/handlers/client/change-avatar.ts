import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';
import { tellEverybody } from './tell-everybody.js';

/** 0x020c: changes the user's avatar and notifies everyone by 0x0212 (client-behaviour.md#avatars-and-signatures). */
export function changeAvatar(context: Context): Handler {
  const { metrics, pool } = context;
  const command = Commands.BuddyListChangeAvatarRequest;
  return request(context, command, async (connection, { avatarUrl }, seqNum) => {
    const { userId } = connection;
    const { done } = await pool.call(accounts.changeAvatar, { userId, avatarUrl }, queryMs);
    if (done) {
      const notice = { changedUserId: userId, avatarUrl };
      const pdu = encodePdu(Commands.BuddyListAvatarChangedNotify, notice, 0);
      tellEverybody(context, connection, 'avatar', pdu);
    } else {
      metrics.refused.inc({ command: commandLabel(command.id) });
    }
    const resultCode = done ? resultOk : resultRefused;
    return [encodePdu(Commands.BuddyListChangeAvatarResponse, { userId, resultCode }, seqNum)];
  });
}
