import { Commands, IM, type MessageOf } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { encodeSliced } from './sliced-list.js';
import { userInfo } from './user-info.js';

type Request = MessageOf<typeof Commands.BuddyListUserInfoRequest>;
type UserInfo = IM.BaseDefine.UserInfo.$Properties;

/** Users per request at most; further ones are ignored (client-behaviour.md#cost-of-requests). */
const maxUsers = 10_000;
/** Users per call to a db_proxy_server: their rows are decoded in one turn of the event loop. */
const batchSize = 2_000;

/** 0x0204: details of the requested users, including those who have left. */
export function getUsersInfo(context: Context): Handler {
  const list = { field: 2, isNumbers: true, max: maxUsers };
  const answer = async (connection: Connection, { userIdList }: Request, seqNum: number) => {
    const userIds = [...new Set(userIdList)];
    const users: UserInfo[] = [];
    for (let i = 0; i < userIds.length; i += batchSize) {
      const asked = { userIds: userIds.slice(i, i + batchSize) };
      const reply = await context.pool.call(accounts.getUsers, asked, queryMs);
      for (const user of reply.users ?? []) users.push(userInfo(user));
    }
    const { userId } = connection;
    const fits = fitting(connection, users, encodedBytes);
    const withList = (userInfoList: UserInfo[]) => ({ userId, userInfoList });
    const command = Commands.BuddyListUserInfoResponse;
    return encodeSliced(connection, command, { userId }, fits, withList, seqNum);
  };
  return request(context, Commands.BuddyListUserInfoRequest, answer, { list });
}

/** Upper bound of a user's bytes in a list, including tag and length. */
function encodedBytes(user: UserInfo): number {
  return IM.BaseDefine.UserInfo.encode(user).len + 5;
}
