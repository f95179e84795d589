import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { accounts, type teamtalk } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { userInfo } from './user-info.js';

/** Users per request at most; further ones are ignored. */
const maxUsers = 10_000;
/** Users per call to a db_proxy_server. */
const batchSize = 5_000;

/** 0x0204: details of the requested users, including those who have left. */
export function getUsersInfo(context: Context): Handler {
  return request(context, Commands.BuddyListUserInfoRequest, async (connection, { userIdList }, seqNum) => {
    const userIds = [...new Set(userIdList)].slice(0, maxUsers);
    const users: teamtalk.db.User.$Properties[] = [];
    for (let i = 0; i < userIds.length; i += batchSize) {
      const asked = { userIds: userIds.slice(i, i + batchSize) };
      users.push(...((await context.pool.call(accounts.getUsers, asked, queryMs)).users ?? []));
    }
    const userInfoList = fitting(connection, users.map(userInfo), encodedBytes);
    return [
      encodePdu(Commands.BuddyListUserInfoResponse, { userId: connection.userId, userInfoList }, seqNum),
    ];
  });
}

/** Upper bound of a user's bytes in a list, including tag and length. */
function encodedBytes(user: IM.BaseDefine.UserInfo.$Properties): number {
  return IM.BaseDefine.UserInfo.encode(user).len + 5;
}
