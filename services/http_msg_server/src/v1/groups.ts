import {
  ask,
  changeGroupMembers,
  dissolveGroup,
  groupProblem,
  groupTypes,
  type MemberChange,
  makeGroup,
  muteInGroup,
  Problem,
  savedId,
  untilOf,
} from '@teamtalk/administration';
import { IM } from '@teamtalk/protocol';
import { administration as groupAdministration } from '@teamtalk/rpc';
import { z } from 'zod';
import type { Context } from '../context.js';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, line, moment, pathId, senderFor } from './fields.js';
import { operation } from './operation.js';

const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

const groupType = z
  .enum(groupTypes)
  .describe('`normal`: clients cannot change who is in it; `temporary`: its members can');
const params = z.strictObject({ group_id: pathId });
const asUser = z.strictObject({
  from_user_id: pathId
    .optional()
    .describe('The member to act as; left out by an app that speaks as one user, or administers groups'),
});
const name = line(1, 256);
const avatar = line(0, 1024);
const memberIds = z.array(id).min(1).max(10_000);

const group = z
  .object({
    group_id: id,
    name,
    type: groupType,
    avatar_url: avatar,
    creator_id: id.nullable().describe('null: no owner'),
    version: z.int().describe('Grows with every change'),
    member_ids: z.array(id),
  })
  .meta({ id: 'Group' });

const newGroup = z
  .strictObject({
    name,
    type: groupType.default('normal'),
    avatar_url: avatar.default(''),
    creator_id: id.optional().describe('Is a member whether listed or not; left out: the group has no owner'),
    member_ids: memberIds.describe('Who does not exist is left out'),
    id: key,
  })
  .meta({ id: 'NewGroup' });

const memberChange = z
  .strictObject({
    change: z.enum(['add', 'remove']),
    user_ids: memberIds,
    from_user_id: id.optional().describe('The user to act as, whom members see'),
    id: key,
  })
  .meta({ id: 'MemberChange' });

const members = z
  .object({ member_ids: z.array(id), changed_ids: z.array(id).describe('Who was really added or removed') })
  .meta({ id: 'Members' });

const permission = 'group';
const administration = 'groups:admin';

export const groupOperations = [
  operation({
    method: 'post',
    path: '/v1/groups',
    id: 'createGroup',
    tag: 'Groups',
    summary: 'Create a group',
    description: 'Who does not administer groups creates temporary ones, in the name of their creator.',
    permission,
    administration,
    body: newGroup,
    status: 201,
    reply: z.object({ group_id: id, member_ids: z.array(id) }).meta({ id: 'CreatedGroup' }),
    sender: (input) => input.body.creator_id,
    async handle(context, { body, app, administers, actor, idempotencyKey }) {
      const outcome = await makeGroup(context, {
        userId: administers
          ? (body.creator_id ?? app.userId ?? 0)
          : senderFor(app, body.creator_id, '/creator_id'),
        byAdmin: administers,
        actor,
        groupType: groupTypes.indexOf(body.type) + 1,
        groupName: body.name,
        groupAvatar: body.avatar_url,
        memberIds: body.member_ids,
        idempotencyKey: scopedKey(app, 'create-group', keyOf(body, idempotencyKey)),
      });
      if (typeof outcome === 'string') throw groupProblem(outcome);
      const { groupId, memberIds: found } = outcome;
      return { reply: { group_id: groupId, member_ids: found }, location: `/v1/groups/${groupId}` };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/groups/{group_id}',
    id: 'getGroup',
    tag: 'Groups',
    summary: 'A group and who is in it',
    permission,
    administration,
    params,
    query: asUser,
    status: 200,
    reply: group,
    sender: (input) => input.query.from_user_id,
    async handle(context, { params: { group_id }, query, app, administers }) {
      const reader = administers ? undefined : senderFor(app, query.from_user_id, 'from_user_id');
      return { reply: await find(context, group_id, reader) };
    },
  }),
  operation({
    method: 'patch',
    path: '/v1/groups/{group_id}',
    id: 'changeGroup',
    tag: 'Groups',
    summary: 'Rename a group, or give it another picture',
    description: 'Clients see it when they next ask for their groups.',
    permission: administration,
    params,
    body: z.strictObject({ name, avatar_url: avatar }).partial().meta({ id: 'GroupChange' }),
    status: 200,
    reply: group,
    async handle(context, { params: { group_id: groupId }, body, actor }) {
      const reply = await ask(context, groupAdministration.changeGroup, {
        groupId,
        name: body.name,
        avatarUrl: body.avatar_url,
        actor,
      });
      savedId(reply, 'group');
      return { reply: await find(context, groupId) };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/groups/{group_id}/members',
    id: 'changeGroupMembers',
    tag: 'Groups',
    summary: 'Add members or remove them',
    description:
      'All in one step; current, added and removed members are notified at once. A group without members is dissolved.',
    permission,
    administration,
    params,
    body: memberChange,
    status: 200,
    reply: members,
    sender: (input) => input.body.from_user_id,
    async handle(context, { params: { group_id }, body, app, administers, actor, idempotencyKey }) {
      const reply = await change(context, {
        groupId: group_id,
        kind: body.change,
        userIds: body.user_ids,
        // Clients show who made the change; an administrator's without a user is one of the changed members'.
        userId: administers
          ? (body.from_user_id ?? app.userId ?? (body.user_ids[0] as number))
          : senderFor(app, body.from_user_id),
        byAdmin: administers,
        actor,
        idempotencyKey: scopedKey(app, 'change-members', keyOf(body, idempotencyKey)),
      });
      return { reply };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/groups/{group_id}/mutes',
    id: 'muteInGroup',
    tag: 'Groups',
    summary: 'Mute a member, or everybody besides the owner and bots, or lift that',
    description:
      'Messages of muted members are refused. No client is told. The owner may, and who administers groups; the owner may also lift what an administrator did.',
    permission,
    administration,
    params,
    body: z
      .strictObject({
        user_id: id.nullable().describe('null: everybody'),
        muted: z.boolean(),
        until: moment.nullable().default(null).describe('null: for good'),
        from_user_id: id.optional().describe('The owner to act as'),
      })
      .meta({ id: 'Mute' }),
    status: 204,
    sender: (input) => input.body.from_user_id,
    async handle(context, { params: { group_id: groupId }, body, app, administers, actor }) {
      const byUserId = administers ? undefined : senderFor(app, body.from_user_id);
      await muteInGroup(context, {
        groupId,
        userId: body.user_id ?? 0,
        until: untilOf(body),
        byUserId,
        actor: byUserId === undefined ? actor : { ...actor, asUser: byUserId },
      });
      return { reply: undefined };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/groups/{group_id}',
    id: 'dissolveGroup',
    tag: 'Groups',
    summary: 'Dissolve a group',
    description:
      'All its members leave it and are notified. For 30 days the console can restore it. Its creator may, and who administers groups.',
    permission,
    administration,
    params,
    query: asUser,
    status: 204,
    sender: (input) => input.query.from_user_id,
    async handle(context, { params: { group_id: groupId }, query, app, administers, actor }) {
      const from = administers ? undefined : senderFor(app, query.from_user_id, 'from_user_id');
      const { member_ids: members } = await find(context, groupId, from);
      const as = from ?? app.userId;
      await dissolveGroup(context, { groupId, members, as, byAdmin: administers, actor });
      return { reply: undefined };
    },
  }),
];

/** @param reader who has to be a member; undefined: anybody */
async function find(
  context: Context,
  groupId: number,
  reader?: number | undefined,
): Promise<z.output<typeof group>> {
  const found = await ask(context, groupAdministration.getGroup, { groupId });
  const isHidden = reader !== undefined && !found.memberIds.includes(reader);
  if (!found.found || isHidden) throw new Problem('not-found', 'there is no such group of this user');
  return {
    group_id: groupId,
    name: found.name,
    type: groupTypes[found.type - 1] ?? 'normal',
    avatar_url: found.avatarUrl,
    creator_id: found.creatorId === 0 ? null : found.creatorId,
    version: found.version,
    member_ids: found.memberIds,
  };
}

type Change = Omit<MemberChange, 'changeType' | 'memberIds'> & { kind: 'add' | 'remove'; userIds: number[] };

async function change(
  context: Context,
  { kind, userIds, ...wanted }: Change,
): Promise<z.output<typeof members>> {
  const outcome = await changeGroupMembers(context, {
    ...wanted,
    changeType: kind === 'add' ? GROUP_MODIFY_TYPE_ADD : GROUP_MODIFY_TYPE_DEL,
    memberIds: userIds,
  });
  if (typeof outcome === 'string') throw groupProblem(outcome);
  return { member_ids: outcome.currentIds, changed_ids: outcome.changedIds };
}
