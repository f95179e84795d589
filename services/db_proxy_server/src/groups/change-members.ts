import { IM } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import type { MemberChangeOutcome } from './member-changes.js';

const { ChangeMembersReply, ChangeMembersRequest } = teamtalk.db;
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
 * Adds members to a group or removes them (0x0407, /query/ChangeMembers; client-behaviour.md#changing-members), all
 * or none; who may is in groups/permissions.ts. `changed_ids` is who was really added or removed; when that
 * is nobody, the group's version stays and the answer's is 0.
 *
 * - GROUP_INVALID: nobody is listed, or more than 10,000; neither add nor remove
 * - GROUP_NOT_FOUND: no such group, or it is dissolved
 * - GROUP_FULL: there would be more members than GROUP_MAX_MEMBERS
 *
 * @throws TeamTalkError `invalid-argument` when the idempotency key was used for another request
 */
export function changeMembers({
  apiAnswers,
  memberChanges,
}: Context): (
  request: teamtalk.db.ChangeMembersRequest,
) => Promise<teamtalk.db.ChangeMembersReply.$Properties> {
  return async (request) => {
    const { userId, changeType, groupId, memberIds, byAdmin } = request;
    if (changeType !== GROUP_MODIFY_TYPE_ADD && changeType !== GROUP_MODIFY_TYPE_DEL) {
      return { result: GROUP_INVALID };
    }
    if (memberIds.length === 0 || memberIds.length > maxListedMembers) return { result: GROUP_INVALID };
    const kind = changeType === GROUP_MODIFY_TYPE_ADD ? 'add' : 'remove';
    const asked = ChangeMembersRequest.encode({ ...request, idempotencyKey: '' }).finish();
    return apiAnswers.once(
      'change_members',
      { key: request.idempotencyKey, request: asked, reply: ChangeMembersReply },
      async (query) =>
        toReply(
          await memberChanges.changeWith(query, { groupId, kind, userId, byAdmin, userIds: memberIds }),
        ),
    );
  };
}

function toReply(outcome: MemberChangeOutcome): teamtalk.db.ChangeMembersReply.$Properties {
  if (outcome.result !== 'ok') return { result: resultOf[outcome.result] };
  const { current, changed, version } = outcome;
  return { result: GROUP_OK, currentIds: current, changedIds: changed, version };
}
