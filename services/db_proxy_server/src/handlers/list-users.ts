import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { toUser } from '../repositories/user-rows.js';
import type { UserChanges } from '../repositories/users.js';

/** Users changed since a moment (0x0208; protocol notes, section 5). */
export function listUsers({
  users,
}: Context): (request: teamtalk.db.ListUsersRequest) => Promise<teamtalk.db.UserList.$Properties> {
  // After a restart everybody asks for everybody: who asks while the answer is on its way shares it.
  const underWay = new Map<number, Promise<UserChanges>>();

  return async ({ updatedSince }) => {
    let changes = underWay.get(updatedSince);
    if (!changes) {
      changes = users.changes(updatedSince).finally(() => underWay.delete(updatedSince));
      underWay.set(updatedSince, changes);
    }
    const { users: rows, mark } = await changes;
    return { users: rows.map(toUser), latestUpdateTime: mark };
  };
}
