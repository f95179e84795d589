import { IM } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Context } from '../context.js';
import type { MemberChangeOutcome } from './member-changes.js';

const { ChangeMembersReply, ChangeMembersRequest } = teamtalk.db;
const { GROUP_OK, GROUP_INVALID, GROUP_NOT_FOUND, GROUP_NOT_PERMITTED, GROUP_FULL } = teamtalk.db.GroupResult;
const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

/** Most ids in one request, including ones that are left out. */
export const maxListedMembers = 10_000;

const resultOf = {
  'not-found': GROUP_NOT_FOUND,
  'not-permitted': GROUP_NOT_PERMITTED,
  full: GROUP_FULL,
} as const;

/**
 * Adds or removes members of a group (0x0407, /query/ChangeMembers; client-behaviour.md#changing-members), all or none;
 * permissions.ts says who may. `changed_ids` lists the users actually added or removed; if it is empty, the group's
 * version does not change and the reply's version is 0.
 *
 * - GROUP_INVALID: no ids, or more than 10,000; an unknown kind of change
 * - GROUP_NOT_FOUND: unknown or dissolved group
 * - GROUP_FULL: more members than GROUP_MAX_MEMBERS
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
    const change = { groupId, kind, userId, byAdmin, userIds: memberIds } as const;
    const codecs = { request: ChangeMembersRequest, reply: ChangeMembersReply };
    return apiAnswers.once('change_members', request, codecs, async (query) => {
      const { actor } = request;
      // Clients' own requests are not audited, nor do they wait for the audit.
      if (!actor && !byAdmin) return toReply(await memberChanges.changeWith(query, change));
      const record = await openAudit(query, actorOf(actor));
      const outcome = await memberChanges.changeWith(query, change);
      if (outcome.result === 'ok' && outcome.changed.length > 0) {
        const { changed, current, version } = outcome;
        const after = { userIds: changed, members: current.length, version };
        await record({ verb: `group.${kind}`, resource: `group ${groupId}`, after });
      }
      return toReply(outcome);
    });
  };
}

function toReply(outcome: MemberChangeOutcome): teamtalk.db.ChangeMembersReply.$Properties {
  if (outcome.result !== 'ok') return { result: resultOf[outcome.result] };
  const { current, changed, version } = outcome;
  return { result: GROUP_OK, currentIds: current, changedIds: changed, version };
}
