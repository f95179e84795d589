import { IM } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

const { GROUP_OK, GROUP_INVALID, GROUP_NOT_FOUND, GROUP_NOT_PERMITTED, GROUP_FULL } = teamtalk.db.GroupResult;
const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

/** Ids one request may list, those that are left out included. */
export const maxListedMembers = 10_000;

const resultOf = {
  'not-found': GROUP_NOT_FOUND,
  'not-permitted': GROUP_NOT_PERMITTED,
  full: GROUP_FULL,
} as const;

/**
 * Adds members to a group or removes them (0x0407, /query/ChangeMembers; protocol notes, section 6), all
 * or none; who may is in groups/permissions.ts. `changed_ids` is who was really added or removed; when that
 * is nobody, the group's version stays and the answer's is 0.
 *
 * - GROUP_INVALID: nobody is listed, or more than 10,000; neither add nor remove
 * - GROUP_NOT_FOUND: no such group, or it is dissolved
 * - GROUP_FULL: there would be more members than GROUP_MAX_MEMBERS
 */
export function changeMembers({
  memberChanges,
}: Context): (
  request: teamtalk.db.ChangeMembersRequest,
) => Promise<teamtalk.db.ChangeMembersReply.$Properties> {
  return async ({ userId, changeType, groupId, memberIds, byAdmin }) => {
    if (changeType !== GROUP_MODIFY_TYPE_ADD && changeType !== GROUP_MODIFY_TYPE_DEL) {
      return { result: GROUP_INVALID };
    }
    if (memberIds.length === 0 || memberIds.length > maxListedMembers) return { result: GROUP_INVALID };
    const kind = changeType === GROUP_MODIFY_TYPE_ADD ? 'add' : 'remove';
    const outcome = await memberChanges.change({ groupId, kind, userId, byAdmin, userIds: memberIds });
    if (outcome.result !== 'ok') return { result: resultOf[outcome.result] };
    const { current, changed, version } = outcome;
    return { result: GROUP_OK, currentIds: current, changedIds: changed, version };
  };
}
