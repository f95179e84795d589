import { createHash } from 'node:crypto';
import { topics } from '@teamtalk/bus';
import { Commands, encodePdu } from '@teamtalk/protocol';
import { administration, type httpApi } from '@teamtalk/rpc';
import { z } from 'zod';
import type { Context } from '../context.js';
import { scopedKey } from '../http/idempotency-key.js';
import { ask } from './ask.js';
import { id, key, keyOf, line, pathId } from './fields.js';
import { endLogins } from './kick.js';
import { operation } from './operation.js';
import { Problem } from './problem.js';
import { savedId } from './saved.js';

const genders = ['unknown', 'male', 'female'] as const;

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
const nameTaken = 'another user has this name';

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
      return { reply: { users: (page.users as httpApi.api.ApiUser[]).map(toUser) } };
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
          fields: toFields(wanted),
          actor,
          idempotencyKey: scopedKey(app, 'create-user', keyOf({ id: named }, idempotencyKey)),
        }),
        'user',
        nameTaken,
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
      return { reply: await find(context, input.params.user_id) };
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
      const reply = await ask(context, administration.changeUser, {
        userId,
        fields: toFields(wanted),
        actor,
      });
      savedId(reply, 'user', nameTaken);
      if (wanted.disabled || wanted.password !== undefined) await endLogins(context, userId);
      broadcastChange(context, userId, wanted);
      return { reply: await find(context, userId) };
    },
  }),
];

async function find(context: Context, userId: number): Promise<z.output<typeof user>> {
  const { users } = await ask(context, administration.findUsers, { userId, limit: 1 });
  const [found] = users as httpApi.api.ApiUser[];
  if (!found) throw new Problem('not-found', 'there is no such user');
  return toUser(found);
}

function toUser(found: httpApi.api.ApiUser): z.output<typeof user> {
  return {
    user_id: found.userId,
    name: found.name,
    nick_name: found.nickName,
    real_name: found.realName,
    gender: genders[found.gender] ?? 'unknown',
    avatar_url: found.avatarUrl,
    department_id: found.departmentId === 0 ? null : found.departmentId,
    email: found.email,
    tel: found.tel,
    sign_info: found.signInfo,
    disabled: found.disabled,
  };
}

function toFields(wanted: z.output<typeof userChange>): httpApi.api.UserFields.$Properties {
  const { gender, department_id, password: plain } = wanted;
  return {
    name: wanted.name,
    nickName: wanted.nick_name,
    realName: wanted.real_name,
    gender: gender === undefined ? undefined : genders.indexOf(gender),
    avatarUrl: wanted.avatar_url,
    departmentId: department_id === null ? 0 : department_id,
    email: wanted.email,
    tel: wanted.tel,
    signInfo: wanted.sign_info,
    disabled: wanted.disabled,
    // Clients send the MD5 of the password when they log in.
    passwordMd5: plain === undefined ? undefined : createHash('md5').update(plain).digest('hex'),
  };
}

/** Notifies clients of a changed avatar or signature at once; other changes they fetch. */
function broadcastChange(
  { bus }: Context,
  changedUserId: number,
  { avatar_url: avatarUrl, sign_info: signInfo }: z.output<typeof userChange>,
): void {
  const pdus: Buffer[] = [];
  if (avatarUrl !== undefined) {
    pdus.push(encodePdu(Commands.BuddyListAvatarChangedNotify, { changedUserId, avatarUrl }, 0));
  }
  if (signInfo !== undefined) {
    pdus.push(encodePdu(Commands.BuddyListSignInfoChangedNotify, { changedUserId, signInfo }, 0));
  }
  if (pdus.length > 0) bus.publish(topics.everyNode, { broadcast: { pdus } });
}
