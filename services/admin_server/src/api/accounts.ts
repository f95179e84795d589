import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { role } from './session.js';

const departmentId = id
  .nullable()
  .describe(
    'Only for the role department_administrator, which is restricted to this department and those below it',
  );

const email = line(0, 254).describe('Of the person who can sign on through the provider; empty: nobody');

const account = z
  .object({
    account_id: id,
    name: z.string(),
    role,
    department_id: departmentId,
    disabled: z.boolean(),
    set_up: z.boolean().describe('Has a password'),
    second_factor: z.boolean().describe('Uses two-step login'),
    email: z.string().describe('Of the person who can sign on through the provider; empty: nobody'),
    signs_on: z.boolean().describe('Has signed on through the provider'),
    locked: z.boolean().describe('Refused for a while after too many failed logins'),
    sessions: z.int().describe('Number of open sessions'),
    created_at: moment,
    last_login_at: moment.nullable(),
  })
  .meta({ id: 'Account' });

const invitation = z
  .object({
    account_id: id,
    setup_token: z.string().describe('Of the link /setup#TOKEN; not shown again'),
    expires_at: moment,
  })
  .meta({ id: 'Invitation' });

const params = z.strictObject({ account_id: pathId });
const tag = 'Accounts';

export const accountsApi = define({
  listAccounts: {
    method: 'get',
    path: '/admin/v1/accounts',
    tag,
    summary: 'Accounts of the console',
    access: 'accounts:read',
    status: 200,
    reply: z.object({ accounts: z.array(account) }).meta({ id: 'Accounts' }),
  },
  createAccount: {
    method: 'post',
    path: '/admin/v1/accounts',
    tag,
    summary: 'Add an account, whose holder chooses a password with a one-time link',
    access: 'accounts:write',
    body: z
      .strictObject({
        name: line(1, 64),
        role,
        department_id: departmentId.optional(),
        email: email.optional(),
      })
      .meta({ id: 'NewAccount' }),
    status: 201,
    reply: invitation,
  },
  changeAccount: {
    method: 'patch',
    path: '/admin/v1/accounts/{account_id}',
    tag,
    summary: 'Change an account’s role, department or e-mail address; disable or enable it',
    description:
      'Its sessions end when it is disabled. The last owner with a password can neither be disabled nor get another role. A changed e-mail address unlinks the account from the person who has signed on.',
    access: 'accounts:write',
    params,
    body: z
      .strictObject({ role, department_id: departmentId, disabled: z.boolean(), email })
      .partial()
      .meta({ id: 'AccountChange' }),
    status: 204,
  },
  deleteAccount: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}',
    tag,
    summary: 'Delete an account',
    description:
      'Its sessions end; the audit keeps its name. Not possible for one’s own account, nor for the last owner with a password.',
    access: 'accounts:write',
    params,
    status: 204,
  },
  inviteAccount: {
    method: 'post',
    path: '/admin/v1/accounts/{account_id}/invitation',
    tag,
    summary: 'Create a new one-time link, for a forgotten password',
    description: 'The current password keeps working until a new one is chosen; earlier links stop working.',
    access: 'accounts:write',
    params,
    status: 200,
    reply: invitation,
  },
  resetSecondFactor: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}/second-factor',
    tag,
    summary: 'Reset the two-step login of an account, for a lost phone',
    description: 'Its sessions end. Not possible for one’s own account.',
    access: 'accounts:write',
    params,
    status: 204,
  },
  endAccountSessions: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}/sessions',
    tag,
    summary: 'End all sessions of an account',
    access: 'accounts:write',
    params,
    status: 204,
  },
});
