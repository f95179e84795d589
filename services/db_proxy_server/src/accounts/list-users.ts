import type { teamtalk } from '@teamtalk/rpc';
import { shareAnswers } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { toUser } from './user-rows.js';

/** Users changed since a moment (0x0208; protocol notes, section 5). */
export function listUsers({
  users,
}: Context): (request: teamtalk.db.ListUsersRequest) => Promise<teamtalk.db.UserList.$Properties> {
  const changes = shareAnswers((since) => users.changes(since));
  return async ({ updatedSince, knownStamp }) => {
    if (knownStamp && (await users.isUnchanged(knownStamp))) return { unchanged: true };
    const { rows, mark, stamp } = await changes(updatedSince);
    return { users: rows.map(toUser), latestUpdateTime: mark, stamp };
  };
}
