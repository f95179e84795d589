import { IM } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { maxAvatarLength } from '../accounts/user-settings.js';
import { actorOf } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { maxListedMembers } from './change-members.js';
import type { CreateOutcome } from './groups.js';

const { CreateGroupReply, CreateGroupRequest } = teamtalk.db;
const { GROUP_OK, GROUP_INVALID, GROUP_FULL, GROUP_NOT_PERMITTED } = teamtalk.db.GroupResult;
const { GROUP_TYPE_NORMAL, GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;

/** Longest name of a group, characters: as in the original's table. */
const maxNameLength = 256;

/**
 * Creates a group (0x0405, /query/CreateGroup; client-behaviour.md#kinds-of-group). Only administrators create normal
 * groups. The creator is a member whether listed or not; unknown and disabled users are left out.
 *
 * - GROUP_NOT_PERMITTED: a normal group, not by an administrator
 * - GROUP_INVALID: another type; a name that is empty or above 256 characters; an avatar above 1,024; more than 10,000
 *   ids; an unknown creator, or, by an administrator, no member at all. An unknown creator named by an administrator is
 *   left out, and the group has no creator.
 * - GROUP_FULL: more members than GROUP_MAX_MEMBERS
 *
 * @throws TeamTalkError `invalid-argument` when the idempotency key was used for another request
 */
export function createGroup({
  apiAnswers,
  groups,
}: Context): (request: teamtalk.db.CreateGroupRequest) => Promise<teamtalk.db.CreateGroupReply.$Properties> {
  return async (request) => {
    const { userId, groupType, groupName, groupAvatar, memberIds, byAdmin } = request;
    if (groupType !== GROUP_TYPE_NORMAL && groupType !== GROUP_TYPE_TMP) return { result: GROUP_INVALID };
    if (groupType === GROUP_TYPE_NORMAL && !byAdmin) return { result: GROUP_NOT_PERMITTED };
    if (groupName === '' || !isStorableText(groupName, maxNameLength)) return { result: GROUP_INVALID };
    if (!isStorableText(groupAvatar, maxAvatarLength)) return { result: GROUP_INVALID };
    if (memberIds.length > maxListedMembers) return { result: GROUP_INVALID };
    const group = {
      type: groupType,
      name: groupName,
      avatar: groupAvatar,
      creatorId: userId,
      needsCreator: !byAdmin,
      memberIds,
    };
    const { idempotencyKey, actor } = request;
    const isClients = !actor && !byAdmin;
    if (idempotencyKey === '' && isClients) return toReply(await groups.create(group));
    const codecs = { request: CreateGroupRequest, reply: CreateGroupReply };
    return apiAnswers.once('create_group', request, codecs, async (query) => {
      if (isClients) return toReply(await groups.create(group, query));
      const record = await openAudit(query, actorOf(actor));
      const outcome = await groups.create(group, query);
      if (outcome.result === 'created') {
        const { type, name, avatar, creatorId } = group;
        const after = { type, name, avatar, creatorId, userIds: outcome.memberIds };
        await record({ verb: 'group.create', resource: `group ${outcome.id}`, after });
      }
      return toReply(outcome);
    });
  };
}

function toReply(outcome: CreateOutcome): teamtalk.db.CreateGroupReply.$Properties {
  if (outcome.result === 'created') {
    return { result: GROUP_OK, groupId: outcome.id, memberIds: outcome.memberIds };
  }
  return { result: outcome.result === 'full' ? GROUP_FULL : GROUP_INVALID };
}
