import type { teamtalk } from '@teamtalk/rpc';
import { coalesce } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { toUser } from './user-rows.js';

/** Users changed since a moment (0x0208; client-behaviour.md#lists-since-a-time). */
export function listUsers({
  users,
}: Context): (request: teamtalk.db.ListUsersRequest) => Promise<teamtalk.db.UserList.$Properties> {
  const changes = coalesce((since) => users.changes(since));
  return async ({ updatedSince, knownEtag }) => {
    if (knownEtag && (await users.isUnchanged(knownEtag))) return { unchanged: true };
    const { rows, watermark, etag } = await changes(updatedSince);
    return { users: rows.map(toUser), latestUpdateTime: watermark, etag };
  };
}
