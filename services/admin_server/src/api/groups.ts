import { groupTypes, id, line, maxId, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { expectedOf, next, page, readText } from './fields.js';

const type = z
  .enum(groupTypes)
  .describe('`normal`: clients cannot change who is in it; `temporary`: its members can');
const name = line(1, 256);
const avatar = line(0, 1024);
const memberIds = z.array(id).min(1).max(10_000);
/** Longest announcement, characters. */
export const maxAnnouncementLength = 1_000;

const ownerAddsOnly = z.boolean().describe('true: members of a temporary group cannot add others');
const maxMembers = z
  .int()
  .min(1)
  .max(maxId)
  .nullable()
  .describe('null: only the limit of the installation, GROUP_MAX_MEMBERS');
const muted = z
  .object({ until: moment.nullable().describe('null: for good') })
  .nullable()
  .describe('null: not muted');
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
    owner_adds_only: ownerAddsOnly,
    max_members: maxMembers,
    announcement: z.object({ text: z.string(), sent_at: moment }).nullable().describe('The latest one'),
    muted: muted.describe('Then only the owner and bots can write; null: everybody can'),
    members: z.array(z.object({ user_id: id, name: z.string(), nick_name: z.string(), muted })),
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
    summary: 'Rename a group, give it another picture, or change its rules',
    description: 'Clients see it when they next ask for their groups.',
    access: 'groups:write',
    params,
    body: z
      .strictObject({
        name: name.optional(),
        avatar_url: avatar.optional(),
        owner_adds_only: ownerAddsOnly.optional(),
        max_members: maxMembers.optional(),
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
    description: 'All its members leave it and are notified. It can be restored with them for 30 days.',
    access: 'groups:write',
    params,
    status: 204,
  },
  listDissolvedGroups: {
    method: 'get',
    path: '/admin/v1/dissolved-groups',
    tag,
    summary: 'Dissolved groups that can be restored, ascending by id',
    access: 'groups:read',
    query: z.strictObject({ ...page, text: line(0, 64).optional().describe('Part of the name') }),
    status: 200,
    reply: z
      .object({
        groups: z.array(
          z.object({
            group_id: id,
            name: z.string(),
            type,
            members: z.int().describe('Who would return'),
            dissolved_at: moment,
            kept_until: moment.describe('Until when it can be restored'),
          }),
        ),
        next,
      })
      .meta({ id: 'DissolvedGroups' }),
  },
  restoreGroup: {
    method: 'post',
    path: '/admin/v1/dissolved-groups/{group_id}/restoration',
    tag,
    summary: 'Restore a dissolved group with its members',
    description:
      'Members who have left the company do not return. The others are notified, and see the messages that they saw before.',
    access: 'groups:write',
    params,
    status: 200,
    reply: group,
  },
  handOverGroup: {
    method: 'post',
    path: '/admin/v1/groups/{group_id}/owner',
    tag,
    summary: 'Give a group to another owner, who becomes a member',
    access: 'groups:write',
    params,
    body: z.strictObject({ user_id: id }).meta({ id: 'NewOwner' }),
    status: 200,
    reply: group,
  },
  muteInGroup: {
    method: 'post',
    path: '/admin/v1/groups/{group_id}/mutes',
    tag,
    summary: 'Mute a member, or everybody besides the owner and bots, or lift that',
    description:
      'Messages of muted members are not stored, and their clients show a failure. A member who leaves and returns is not muted.',
    access: 'groups:write',
    params,
    body: z
      .strictObject({
        user_id: id.nullable().describe('null: everybody'),
        muted: z.boolean(),
        until: moment.nullable().default(null).describe('null: for good'),
      })
      .meta({ id: 'Mute' }),
    status: 200,
    reply: group,
  },
  announceInGroup: {
    method: 'post',
    path: '/admin/v1/groups/{group_id}/announcements',
    tag,
    summary: 'Set the announcement of a group, and send it to its members',
    description:
      'The bot becomes a member, and sends it once as an ordinary text that every client shows, even while everybody is muted.',
    access: 'groups:write',
    params,
    body: z
      .strictObject({
        key: line(1, 64).describe('Chosen by the caller; a repeated request with the same key sends nothing'),
        from_user_id: id.describe('A bot'),
        text: line(1, maxAnnouncementLength),
        language: z.enum(['en', 'zh-CN']).default('en').describe('Of the label before the text'),
      })
      .meta({ id: 'NewAnnouncement' }),
    status: 200,
    reply: group,
  },
});
