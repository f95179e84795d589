import { randomUUID } from 'node:crypto';
import {
  ask,
  changeGroupMembers,
  groupProblem,
  groupTypes,
  makeGroup,
  momentOf,
  Problem,
  savedId,
} from '@teamtalk/administration';
import { administration, type httpApi } from '@teamtalk/rpc';
import type { ApiReply } from '../api/index.js';
import type { Call, Handlers } from './handler.js';

/** Values of GroupModifyType. */
const changes = { add: 1, remove: 2 } as const;
/** Members per request for names. */
const maxAsked = 1_000;

export const groups: Handlers<
  'findGroups' | 'getGroup' | 'createGroup' | 'changeGroup' | 'changeGroupMembers'
> = {
  async findGroups(call, { query: { after = 0, limit, text = '' } }) {
    const page = await ask(call, administration.findGroups, { after, limit, text });
    const found = (page.groups as httpApi.api.GroupSummary[]).map((group) => ({
      ...shown(group.groupId, group),
      members: group.members,
    }));
    return { groups: found, next: found.length < limit ? null : (found.at(-1)?.group_id ?? null) };
  },

  getGroup: (call, { params }) => findGroup(call, params.group_id),

  async createGroup(call, { body }) {
    const outcome = await makeGroup(call, {
      userId: body.creator_id ?? 0,
      byAdmin: true,
      actor: call.actor,
      groupType: groupTypes.indexOf(body.type) + 1,
      groupName: body.name,
      groupAvatar: body.avatar_url,
      memberIds: body.member_ids,
      idempotencyKey: `console ${randomUUID()}`,
    });
    if (typeof outcome === 'string') throw groupProblem(outcome);
    return findGroup(call, outcome.groupId);
  },

  async changeGroup(call, { params: { group_id: groupId }, body }) {
    const { name, avatar_url: avatarUrl, expected } = body;
    const request = {
      groupId,
      name,
      avatarUrl,
      ownerAddsOnly: body.owner_adds_only,
      maxMembers: body.max_members === null ? 0 : body.max_members,
      expectedName: expected?.name,
      expectedAvatarUrl: expected?.avatar_url,
    };
    savedId(await ask(call, administration.changeGroup, request), 'group');
    return findGroup(call, groupId);
  },

  async changeGroupMembers(call, { params: { group_id: groupId }, body }) {
    const outcome = await changeGroupMembers(call, {
      groupId,
      changeType: changes[body.change],
      memberIds: body.user_ids,
      // Clients show who made the change. Administrators are not users, so the first changed member is named instead.
      userId: body.user_ids[0] as number,
      byAdmin: true,
      actor: call.actor,
      idempotencyKey: `console ${randomUUID()}`,
    });
    if (typeof outcome === 'string') throw groupProblem(outcome);
    return { member_ids: outcome.currentIds, changed_ids: outcome.changedIds };
  },
};

/** @throws Problem `not-found` */
export async function groupDetails(call: Call, groupId: number): Promise<httpApi.api.GroupDetails> {
  const found = await ask(call, administration.getGroup, { groupId });
  if (!found.found) throw new Problem('not-found', 'there is no such group');
  return found;
}

/** @throws Problem `not-found` */
export async function findGroup(call: Call, groupId: number): Promise<ApiReply<'getGroup'>> {
  const found = await groupDetails(call, groupId);
  const members: ApiReply<'getGroup'>['members'] = [];
  const mutes = new Map(found.mutedIds.map((id, i) => [id, found.mutedUntils[i] ?? 0]));
  for (let i = 0; i < found.memberIds.length; i += maxAsked) {
    const userIds = found.memberIds.slice(i, i + maxAsked);
    const page = await ask(call, administration.findUsers, { userIds, limit: maxAsked });
    for (const { userId, name, nickName } of page.users as httpApi.api.ApiUser[]) {
      members.push({ user_id: userId, name, nick_name: nickName, muted: muteUntil(mutes.get(userId) ?? 0) });
    }
  }
  return {
    ...shown(groupId, found),
    version: found.version,
    owner_adds_only: found.ownerAddsOnly,
    max_members: found.maxMembers || null,
    announcement:
      found.announcement === '' ? null : { text: found.announcement, sent_at: momentOf(found.announcedAt) },
    muted: muteUntil(found.mutedUntil),
    members,
  };
}

/** @param seconds unix; 0: not muted; infinity: for good */
function muteUntil(seconds: number): { until: string | null } | null {
  if (seconds === 0) return null;
  return { until: seconds === Number.POSITIVE_INFINITY ? null : momentOf(seconds) };
}

interface Shown {
  name: string;
  type: number;
  avatarUrl: string;
  creatorId: number;
}

function shown(groupId: number, { name, type, avatarUrl, creatorId }: Shown) {
  return {
    group_id: groupId,
    name,
    type: groupTypes[type - 1] ?? 'normal',
    avatar_url: avatarUrl,
    creator_id: creatorId === 0 ? null : creatorId,
  };
}
