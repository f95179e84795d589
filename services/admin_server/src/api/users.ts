import { connectionIdPattern, genders, id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { next, page, password } from './fields.js';

const fields = {
  name: line(1, 64).describe('What the user logs in with'),
  nick_name: line(0, 64),
  real_name: line(0, 64),
  gender: z.enum(genders),
  avatar_url: line(0, 1024),
  department_id: id.nullable(),
  email: line(0, 128),
  tel: line(0, 32),
  sign_info: line(0, 128).describe('The user’s own signature'),
};

const user = z
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
    groups: z.array(z.object({ group_id: id, new_owner_id: id.nullable().describe('null: as before') })),
    remaining: z.int().describe('For further calls'),
  })
  .meta({ id: 'ChangedGroups' });

const params = z.strictObject({ user_id: pathId });
const one = z.strictObject({
  user_id: pathId,
  connection_id: z.string().regex(connectionIdPattern, 'is one of the list'),
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
      text: line(0, 64)
        .optional()
        .describe('In the name, nick name, real name, their pinyin, telephone number or e-mail'),
      department_id: pathId.optional(),
      status: z.enum(['present', 'left', 'all']).default('present'),
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
    description: 'What is left out stays.',
    access: 'users:write',
    params,
    body: z.strictObject(fields).partial().meta({ id: 'UserChange' }),
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
      .object({ password: z.string().describe('Random, and shown this once') })
      .meta({ id: 'ResetPassword' }),
  },
  leaveUser: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/leave',
    tag,
    summary: 'A user has left: cannot log in, is not listed, and all their connections end',
    access: 'users:write',
    params,
    status: 200,
    reply: user,
  },
  restoreUser: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/restore',
    tag,
    summary: 'Let a user who had left log in again',
    access: 'users:write',
    params,
    status: 200,
    reply: user,
  },
  leaveGroups: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/leave-groups',
    tag,
    summary: 'A user who has left leaves their groups',
    description:
      'Groups they own get another owner; one without other members is dissolved, unless a successor takes it over. Members are notified at once. At most some hundred groups in one call: call again while some remain.',
    access: 'users:write',
    params,
    body: z
      .strictObject({
        successor_id: id
          .nullable()
          .describe('Gets the groups they own, and becomes a member; null: the longest member of each'),
      })
      .meta({ id: 'Succession' }),
    status: 200,
    reply: changedGroups,
  },
  rejoinGroups: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/rejoin-groups',
    tag,
    summary: 'A user who was restored comes back to the groups they left so',
    description:
      'They own again those that their successors still own. Dissolved and full groups are left out. Call again while some remain.',
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
