import { groupTypes, id, line, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { expectedOf, next, page, readText } from './fields.js';

const type = z
  .enum(groupTypes)
  .describe('`normal`: clients cannot change who is in it; `temporary`: its members can');
const name = line(1, 256);
const avatar = line(0, 1024);
const memberIds = z.array(id).min(1).max(10_000);
const params = z.strictObject({ group_id: pathId });
const tag = 'Groups';

const shown = {
  group_id: id,
  name: z.string(),
  type,
  avatar_url: z.string(),
  creator_id: id.nullable().describe('null: no owner'),
};

export const group = z
  .object({
    ...shown,
    version: z.int().describe('Increases with every change'),
    members: z.array(z.object({ user_id: id, name: z.string(), nick_name: z.string() })),
  })
  .meta({ id: 'Group' });

export const groupsApi = define({
  findGroups: {
    method: 'get',
    path: '/admin/v1/groups',
    tag,
    summary: 'Groups, ascending by id',
    access: 'groups:read',
    query: z.strictObject({ ...page, text: line(0, 64).optional().describe('Part of the name') }),
    status: 200,
    reply: z
      .object({ groups: z.array(z.object({ ...shown, members: z.int() })), next })
      .meta({ id: 'Groups' }),
  },
  getGroup: {
    method: 'get',
    path: '/admin/v1/groups/{group_id}',
    tag,
    summary: 'A group and its members',
    access: 'groups:read',
    params,
    status: 200,
    reply: group,
  },
  createGroup: {
    method: 'post',
    path: '/admin/v1/groups',
    tag,
    summary: 'Create a group',
    access: 'groups:write',
    body: z
      .strictObject({
        name,
        type: type.default('normal'),
        avatar_url: avatar.default(''),
        creator_id: id.optional().describe('Is a member; left out: the group has no owner'),
        member_ids: memberIds.describe('Users who do not exist are left out'),
      })
      .meta({ id: 'NewGroup' }),
    status: 201,
    reply: group,
  },
  changeGroup: {
    method: 'patch',
    path: '/admin/v1/groups/{group_id}',
    tag,
    summary: 'Rename a group, or give it another picture',
    description: 'Clients see it when they next ask for their groups.',
    access: 'groups:write',
    params,
    body: z
      .strictObject({
        name: name.optional(),
        avatar_url: avatar.optional(),
        expected: expectedOf({ name: readText, avatar_url: readText }),
      })
      .meta({ id: 'GroupChange' }),
    status: 200,
    reply: group,
  },
  changeGroupMembers: {
    method: 'post',
    path: '/admin/v1/groups/{group_id}/members',
    tag,
    summary: 'Add members or remove them',
    description: 'All in one step; clients are notified at once. A group without members is dissolved.',
    access: 'groups:write',
    params,
    body: z
      .strictObject({ change: z.enum(['add', 'remove']), user_ids: memberIds })
      .meta({ id: 'MemberChange' }),
    status: 200,
    reply: z
      .object({
        member_ids: z.array(id),
        changed_ids: z.array(id).describe('Users who were actually added or removed'),
      })
      .meta({ id: 'ChangedMembers' }),
  },
  dissolveGroup: {
    method: 'delete',
    path: '/admin/v1/groups/{group_id}',
    tag,
    summary: 'Dissolve a group',
    description: 'All its members leave it and are notified; it cannot be restored.',
    access: 'groups:write',
    params,
    status: 204,
  },
});
