import type { teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { toUser } from './user-rows.js';

/** Most ids in one request. */
const maxIds = 5_000;

/** Users by id (0x0204) or by login name. Unknown users are left out. */
export function getUsers({
  users,
}: Context): (request: teamtalk.db.GetUsersRequest) => Promise<teamtalk.db.UserList.$Properties> {
  return async ({ userIds, userName }) => {
    if (userIds.length > maxIds) {
      throw new TeamTalkError('invalid-argument', `at most ${maxIds} users can be asked for at once`);
    }
    const rows = userIds.length > 0 ? await users.byIds(userIds) : [];
    if (userName !== '' && !userName.includes('\0')) {
      const row = await users.byName(userName);
      if (row) rows.push(row);
    }
    return { users: rows.map(toUser) };
  };
}
