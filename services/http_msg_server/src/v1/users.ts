import {
  ask,
  changeUser,
  findUser,
  genders,
  savedId,
  shownUser,
  userFieldsOf,
} from '@teamtalk/administration';
import { administration, type httpApi } from '@teamtalk/rpc';
import { z } from 'zod';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, line, pathId } from './fields.js';
import { operation } from './operation.js';

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
  disabled: z.boolean().describe('Has left the company: cannot log in, and is not listed'),
};

const user = z.object({ user_id: id, ...fields }).meta({ id: 'User' });

const password = z.string().min(1).max(256);

const newUser = z
  .strictObject({
    ...z.object(fields).partial().shape,
    name: fields.name,
    password: password.describe('In plain text; left out: the user cannot log in'),
    id: key,
  })
  .partial({ password: true })
  .meta({ id: 'NewUser' });

const userChange = z
  .strictObject({ ...fields, password })
  .partial()
  .meta({ id: 'UserChange', description: 'What is left out stays' });

const params = z.strictObject({ user_id: pathId });

export const userOperations = [
  operation({
    method: 'get',
    path: '/v1/users',
    id: 'listUsers',
    tag: 'Users',
    summary: 'Users, page by page, ascending by id',
    permission: 'users:read',
    query: z.strictObject({
      after: pathId.optional().describe('Only ids above this one'),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      name: z.string().max(64).optional().describe('Exactly this login name'),
      department_id: pathId.optional(),
    }),
    status: 200,
    reply: z.object({ users: z.array(user) }).meta({ id: 'Users' }),
    async handle(context, { query: { after = 0, limit, name = '', department_id: departmentId = 0 } }) {
      const page = await ask(context, administration.findUsers, { after, limit, name, departmentId });
      return { reply: { users: (page.users as httpApi.api.ApiUser[]).map(shownUser) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/users',
    id: 'createUser',
    tag: 'Users',
    summary: 'Add a user',
    permission: 'users:write',
    body: newUser,
    status: 201,
    reply: z.object({ user_id: id }).meta({ id: 'CreatedUser' }),
    async handle(context, { body: { id: named, ...wanted }, app, actor, idempotencyKey }) {
      const userId = savedId(
        await ask(context, administration.createUser, {
          fields: userFieldsOf(wanted),
          actor,
          idempotencyKey: scopedKey(app, 'create-user', keyOf({ id: named }, idempotencyKey)),
        }),
        'user',
        'name-taken',
      );
      return { reply: { user_id: userId }, location: `/v1/users/${userId}` };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/users/{user_id}',
    id: 'getUser',
    tag: 'Users',
    summary: 'One user',
    permission: 'users:read',
    params,
    status: 200,
    reply: user,
    async handle(context, input) {
      return { reply: await findUser(context, input.params.user_id) };
    },
  }),
  operation({
    method: 'patch',
    path: '/v1/users/{user_id}',
    id: 'changeUser',
    tag: 'Users',
    summary: 'Change, disable or enable a user',
    description: 'A user who is disabled, or whose password is changed, is logged out everywhere.',
    permission: 'users:write',
    params,
    body: userChange,
    status: 200,
    reply: user,
    async handle(context, { params: { user_id: userId }, body: wanted, actor }) {
      await changeUser(context, userId, wanted, actor);
      return { reply: await findUser(context, userId) };
    },
  }),
];
