import { Commands } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { conditionalCache } from './conditional-cache.js';
import { EncodedList, listByteCost } from './encoded-list.js';
import { type Handler, queryMs, request } from './handler.js';
import { userInfo } from './user-info.js';

/** 0x0208: users changed since a given time; for time 0, all users who have not left. */
export function listAllUsers(context: Context): Handler {
  const users = conditionalCache(
    (updatedSince, knownEtag) => context.pool.call(accounts.listUsers, { updatedSince, knownEtag }, queryMs),
    ({ latestUpdateTime, users }) =>
      new EncodedList(Commands.BuddyListAllUserResponse, {
        userId: 0,
        latestUpdateTime,
        userList: (users ?? []).map(userInfo),
      }),
  );
  return request(
    context,
    Commands.BuddyListAllUserRequest,
    async (connection, { latestUpdateTime }, seqNum) =>
      (await users(latestUpdateTime)).answer(connection, seqNum),
    { responseByte: listByteCost },
  );
}
