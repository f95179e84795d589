import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/**
 * The normal groups of a user with their versions (0x0401; client-behaviour.md#group-lists), the newest first.
 * Clients learn of temporary groups from their sessions.
 */
export function listGroups({
  groups,
}: Context): (request: teamtalk.db.UserRequest) => Promise<teamtalk.db.GroupVersionList.$Properties> {
  return async ({ userId }) => {
    const rows = await groups.normalGroupsOf(userId);
    return { groups: rows.map(({ id, version }) => ({ groupId: id, version })) };
  };
}
