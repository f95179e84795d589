import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

/** 0x020c: changes the user's avatar and notifies everyone by 0x0212 (client-behaviour.md#avatars-and-signatures). */
export function changeAvatar(context: Context): Handler {
  const { metrics, notifications, pool } = context;
  const command = Commands.BuddyListChangeAvatarRequest;
  return request(context, command, async ({ userId }, { avatarUrl }, seqNum) => {
    const { done } = await pool.call(accounts.changeAvatar, { userId, avatarUrl }, queryMs);
    if (done) {
      const notice = { changedUserId: userId, avatarUrl };
      notifications.notify(`avatar ${userId}`, encodePdu(Commands.BuddyListAvatarChangedNotify, notice, 0));
    } else {
      metrics.refused.inc({ command: commandLabel(command.id) });
    }
    const resultCode = done ? resultOk : resultRefused;
    return [encodePdu(Commands.BuddyListChangeAvatarResponse, { userId, resultCode }, seqNum)];
  });
}
