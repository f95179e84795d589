import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { pages } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { userInfo } from './user-info.js';

type UserInfo = IM.BaseDefine.UserInfo.$Properties;

/**
 * 0x0208: the users who changed since a time, all who have not left since 0. One 0x0209; several of the
 * same seq_num only for Android and only when one does not fit (protocol notes, section 12).
 */
export function listAllUsers(context: Context): Handler {
  return request(
    context,
    Commands.BuddyListAllUserRequest,
    async (connection, { latestUpdateTime }, seqNum) => {
      const reply = await context.pool.call(accounts.listUsers, { updatedSince: latestUpdateTime }, queryMs);
      return pages(connection, (reply.users ?? []).map(userInfo), encodedBytes).map((userList) =>
        encodePdu(
          Commands.BuddyListAllUserResponse,
          { userId: connection.userId, latestUpdateTime: reply.latestUpdateTime, userList },
          seqNum,
        ),
      );
    },
  );
}

/** Bytes of a user in a list, the length before it included. */
export function encodedBytes(user: UserInfo): number {
  return IM.BaseDefine.UserInfo.encode(user).len + 5;
}
