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
      .describe(
        'Of a department administrator: the department to which the role is restricted, with those below it',
      ),
    second_factor: z
      .enum(secondFactorStates)
      .describe(
        'Two-step login; needed: nothing else is permitted before it is set up; unavailable: the server has no key for secrets; elsewhere: the account has signed on through the provider, which is responsible for it',
      ),
    uploads: z.boolean().describe('Whether pictures can be uploaded'),
    expires_at: moment.describe('When the session ends, even if it is used'),
    idle_minutes: z.int().describe('Minutes without a call after which it ends earlier'),
  })
  .meta({ id: 'Me' });

const consoleSession = z
  .object({
    session_id: id,
    address: z.string().describe('IP address of the login'),
    user_agent: z.string().describe('As reported by the browser'),
    created_at: moment,
    seen_at: moment,
    current: z.boolean().describe('Whether it is the session of this call'),
  })
  .meta({ id: 'ConsoleSession' });

const tag = 'Session';

export const sessionApi = define({
  setUp: {
    method: 'post',
    path: '/admin/v1/setup',
    tag,
    summary: 'Choose a password with a one-time setup token, and log in',
    access: 'public',
    body: z
      .strictObject({
        token: z.string().regex(/^[\w-]{43}$/, 'is not a setup token'),
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
      'The session is in a cookie that scripts cannot read. The problem `code-needed` means that the password is right and that the account uses two-step login.',
    access: 'public',
    body: z.strictObject({ name: line(1, 64), password, code: code.optional() }).meta({ id: 'LogIn' }),
    status: 200,
    reply: me,
  },
  getSignOn: {
    method: 'get',
    path: '/admin/v1/sign-on-provider',
    tag,
    summary: 'The OpenID Connect provider through which people can sign on',
    description:
      'A browser opens /admin/v1/sign-on, which redirects it to the provider; it returns with a session.',
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
    summary: 'Sessions of one’s own account',
    access: 'session',
    status: 200,
    reply: z.object({ sessions: z.array(consoleSession) }).meta({ id: 'ConsoleSessions' }),
  },
  endOwnSession: {
    method: 'delete',
    path: '/admin/v1/own-sessions/{session_id}',
    tag,
    summary: 'End a session of one’s own account',
    access: 'session',
    params: z.strictObject({ session_id: z.coerce.number().int().min(1) }),
    status: 204,
  },
  changeOwnPassword: {
    method: 'post',
    path: '/admin/v1/own-password',
    tag,
    summary: 'Change one’s own password',
    description: 'All other sessions of the account end.',
    access: 'session',
    body: z.strictObject({ current: password, password: newPassword }).meta({ id: 'OwnPassword' }),
    status: 204,
  },
});
