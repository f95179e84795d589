import { id, line, moment } from '@teamtalk/administration/fields';
import { consolePermissions, consoleRoles } from '@teamtalk/rpc/console-rights';
import { z } from 'zod';
import { define } from './definition.js';
import { code, newPassword, password } from './fields.js';

export const role = z.enum(consoleRoles);

/** In the order of the SecondFactor enum in console.proto. */
export const secondFactorStates = ['off', 'on', 'needed', 'unavailable', 'elsewhere'] as const;

/** The account that is logged in. */
const me = z
  .object({
    account_id: id,
    name: z.string(),
    role,
    permissions: z.array(z.enum(consolePermissions)),
    department_id: id
      .nullable()
      .describe('Of a department administrator: what the role holds for, with those below it'),
    second_factor: z
      .enum(secondFactorStates)
      .describe(
        'Whether the account logs in with codes; needed: it may do nothing before; unavailable: the server has no key for secrets; elsewhere: it is the provider’s matter, by which they have signed on',
      ),
    expires_at: moment.describe('When the session ends, whatever is done'),
    idle_minutes: z.int().describe('After so many minutes without a call it ends earlier'),
  })
  .meta({ id: 'Me' });

const consoleSession = z
  .object({
    session_id: id,
    address: z.string().describe('IP address of the login'),
    user_agent: z.string().describe('As the browser says'),
    created_at: moment,
    seen_at: moment,
    current: z.boolean().describe('The session of this very call'),
  })
  .meta({ id: 'ConsoleSession' });

const tag = 'Session';

export const sessionApi = define({
  setUp: {
    method: 'post',
    path: '/admin/v1/setup',
    tag,
    summary: 'Choose a password by a one-time setup token, and log in',
    access: 'public',
    body: z
      .strictObject({
        token: z.string().regex(/^[\w-]{43}$/, 'is no setup token'),
        password: newPassword,
        code: code.optional(),
      })
      .meta({ id: 'SetUp' }),
    status: 200,
    reply: me,
  },
  logIn: {
    method: 'post',
    path: '/admin/v1/session',
    tag,
    summary: 'Log in',
    description:
      'The session is in a cookie that scripts cannot read. The problem `code-needed` says that the password is right and that the account logs in with codes.',
    access: 'public',
    body: z.strictObject({ name: line(1, 64), password, code: code.optional() }).meta({ id: 'LogIn' }),
    status: 200,
    reply: me,
  },
  getSignOn: {
    method: 'get',
    path: '/admin/v1/sign-on-provider',
    tag,
    summary: 'By which OpenID Connect provider people may sign on',
    description:
      'A browser goes to /admin/v1/sign-on, which sends it there and takes it back with a session.',
    access: 'public',
    status: 200,
    reply: z
      .object({ name: z.string().nullable().describe('null: accounts have passwords only') })
      .meta({ id: 'SignOnProvider' }),
  },
  getSession: {
    method: 'get',
    path: '/admin/v1/session',
    tag,
    summary: 'Who is logged in',
    access: 'session',
    status: 200,
    reply: me,
  },
  logOut: {
    method: 'delete',
    path: '/admin/v1/session',
    tag,
    summary: 'Log out',
    access: 'session',
    status: 204,
  },
  listOwnSessions: {
    method: 'get',
    path: '/admin/v1/own-sessions',
    tag,
    summary: 'Sessions of the own account',
    access: 'session',
    status: 200,
    reply: z.object({ sessions: z.array(consoleSession) }).meta({ id: 'ConsoleSessions' }),
  },
  endOwnSession: {
    method: 'delete',
    path: '/admin/v1/own-sessions/{session_id}',
    tag,
    summary: 'End a session of the own account',
    access: 'session',
    params: z.strictObject({ session_id: z.coerce.number().int().min(1) }),
    status: 204,
  },
  changeOwnPassword: {
    method: 'post',
    path: '/admin/v1/own-password',
    tag,
    summary: 'Change the own password',
    description: 'All other sessions of the account end.',
    access: 'session',
    body: z.strictObject({ current: password, password: newPassword }).meta({ id: 'OwnPassword' }),
    status: 204,
  },
});
