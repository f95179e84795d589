import { connectionIdPattern, genders, id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { expectedOf, next, page, password, readText } from './fields.js';

/** In the order of the numbers that the store has for them. */
export const userStatuses = ['all', 'present', 'left'] as const;

const fields = {
  name: line(1, 64).describe('The name with which the user logs in'),
  nick_name: line(0, 64),
  real_name: line(0, 64),
  gender: z.enum(genders),
  avatar_url: line(0, 1024),
  department_id: id.nullable(),
  email: line(0, 128),
  tel: line(0, 32),
  sign_info: line(0, 128).describe('The user’s own signature'),
};

/** The fields as a caller has read them. */
const readFields = {
  name: readText,
  nick_name: readText,
  real_name: readText,
  gender: fields.gender,
  avatar_url: readText,
  department_id: fields.department_id,
  email: readText,
  tel: readText,
  sign_info: readText,
};

export const user = z
  .object({ user_id: id, ...fields, left: z.boolean().describe('Cannot log in, and is not listed') })
  .meta({ id: 'User' });

const connection = z
  .object({
    connection_id: z.string(),
    client: z.string().describe('windows, mac, ios or android, as the client says'),
    class: z.enum(['pc', 'mobile', 'web', 'bot']),
    client_version: z.string().describe('As the client says'),
    address: z.string().describe('IP address'),
    since: moment,
  })
  .meta({ id: 'Connection' });

const changedGroups = z
  .object({
    groups: z.array(z.object({ group_id: id, new_owner_id: id.nullable().describe('null: unchanged') })),
    remaining: z.int().describe('Groups left for further calls'),
  })
  .meta({ id: 'ChangedGroups' });

/** Which users a list has. */
export const userFilter = {
  text: line(0, 64)
    .optional()
    .describe(
      'Part of the login name, nickname, real name, their pinyin, the telephone number or e-mail address',
    ),
  department_id: id.optional(),
  status: z.enum(userStatuses).default('present'),
};

const params = z.strictObject({ user_id: pathId });
const one = z.strictObject({
  user_id: pathId,
  connection_id: z.string().regex(connectionIdPattern, 'is not a connection id'),
});
const tag = 'Users';

export const usersApi = define({
  findUsers: {
    method: 'get',
    path: '/admin/v1/users',
    tag,
    summary: 'Users, ascending by id',
    access: 'users:read',
    query: z.strictObject({
      ...page,
      ...userFilter,
      department_id: pathId.optional(),
    }),
    status: 200,
    reply: z.object({ users: z.array(user), next }).meta({ id: 'Users' }),
  },
  getUser: {
    method: 'get',
    path: '/admin/v1/users/{user_id}',
    tag,
    summary: 'One user',
    access: 'users:read',
    params,
    status: 200,
    reply: user,
  },
  createUser: {
    method: 'post',
    path: '/admin/v1/users',
    tag,
    summary: 'Add a user',
    access: 'users:write',
    body: z
      .strictObject({
        ...z.object(fields).partial().shape,
        name: fields.name,
        password: password.optional().describe('Left out: the user cannot log in until it is set'),
      })
      .meta({ id: 'NewUser' }),
    status: 201,
    reply: user,
  },
  changeUser: {
    method: 'patch',
    path: '/admin/v1/users/{user_id}',
    tag,
    summary: 'Change a user',
    description: 'Fields that are left out stay unchanged.',
    access: 'users:write',
    params,
    body: z
      .strictObject({ ...z.object(fields).partial().shape, expected: expectedOf(readFields) })
      .meta({ id: 'UserChange' }),
    status: 200,
    reply: user,
  },
  resetUserPassword: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/password',
    tag,
    summary: 'Give a user a new password, and end all their connections',
    access: 'users:reset-password',
    params,
    status: 200,
    reply: z
      .object({ password: z.string().describe('Random; not shown again') })
      .meta({ id: 'ResetPassword' }),
  },
  leaveUser: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/leave',
    tag,
    summary: 'Mark a user as having left: they cannot log in, are not listed, and all their connections end',
    access: 'users:write',
    params,
    status: 200,
    reply: user,
  },
  restoreUser: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/restore',
    tag,
    summary: 'Restore a user who has left: they can log in and are listed again',
    access: 'users:write',
    params,
    status: 200,
    reply: user,
  },
  leaveGroups: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/leave-groups',
    tag,
    summary: 'Take a user who has left out of their groups',
    description:
      'Groups they own get another owner; one without other members is dissolved, unless a successor takes it over. Members are notified at once. A call changes a few hundred groups at most; call again while some remain.',
    access: 'users:write',
    params,
    body: z
      .strictObject({
        successor_id: id
          .nullable()
          .describe(
            'Gets the groups they own, and becomes a member; null: the longest-standing member of each group',
          ),
      })
      .meta({ id: 'Succession' }),
    status: 200,
    reply: changedGroups,
  },
  rejoinGroups: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/rejoin-groups',
    tag,
    summary: 'Put a restored user back into the groups that leave-groups took them out of',
    description:
      'They become the owner again of those that their successors still own. Dissolved and full groups are skipped. Call again while some remain.',
    access: 'users:write',
    params,
    status: 200,
    reply: changedGroups,
  },
  listConnections: {
    method: 'get',
    path: '/admin/v1/users/{user_id}/connections',
    tag,
    summary: 'Where a user is logged in',
    access: 'users:read',
    params,
    status: 200,
    reply: z.object({ connections: z.array(connection) }).meta({ id: 'Connections' }),
  },
  endConnection: {
    method: 'delete',
    path: '/admin/v1/users/{user_id}/connections/{connection_id}',
    tag,
    summary: 'End one connection of a user',
    access: 'users:disconnect',
    params: one,
    status: 204,
  },
  endConnections: {
    method: 'delete',
    path: '/admin/v1/users/{user_id}/connections',
    tag,
    summary: 'End all connections of a user',
    access: 'users:disconnect',
    params,
    status: 204,
  },
});
