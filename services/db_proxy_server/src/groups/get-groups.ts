import type { teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

/** Most groups in one request. */
const maxGroups = 5_000;

/**
 * Groups with all members (0x0403; client-behaviour.md#group-lists), by id: of the requested ones those the user is a
 * member of and whose version is newer than the given one. The shield is that of the user.
 */
export function getGroups({
  groups,
}: Context): (request: teamtalk.db.GetGroupsRequest) => Promise<teamtalk.db.GroupList.$Properties> {
  return async ({ userId, groups: asked }) => {
    if (asked.length > maxGroups) {
      throw new TeamTalkError('invalid-argument', `at most ${maxGroups} groups can be asked for at once`);
    }
    const known = asked.map(({ groupId, version }) => ({ id: groupId ?? 0, version: version ?? 0 }));
    const rows = await groups.changed(userId, known);
    return {
      groups: rows.map((row) => ({
        groupId: row.id,
        version: row.version,
        groupName: row.name,
        groupAvatar: row.avatar,
        groupCreatorId: row.creator_id,
        groupType: row.type,
        shieldStatus: row.shield ? 1 : 0,
        groupMemberList: row.member_ids,
      })),
    };
  };
}
