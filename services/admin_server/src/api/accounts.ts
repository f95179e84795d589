import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { role } from './session.js';

const departmentId = id
  .nullable()
  .describe(
    'Of the role department_administrator, and of no other: it holds for this one and those below it',
  );

const email = line(0, 254).describe('Of whoever may sign on by the provider; empty: nobody');

const account = z
  .object({
    account_id: id,
    name: z.string(),
    role,
    department_id: departmentId,
    disabled: z.boolean(),
    set_up: z.boolean().describe('Has a password'),
    second_factor: z.boolean().describe('Logs in with codes'),
    email: z.string().describe('Of whoever may sign on by the provider; empty: nobody'),
    signs_on: z.boolean().describe('Has signed on by the provider'),
    locked: z.boolean().describe('Refused for a while, after too many failed logins'),
    sessions: z.int().describe('Open ones'),
    created_at: moment,
    last_login_at: moment.nullable(),
  })
  .meta({ id: 'Account' });

const invitation = z
  .object({
    account_id: id,
    setup_token: z.string().describe('Of the link /setup#TOKEN; shown this once'),
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
    summary: 'Who may use the console',
    access: 'accounts:read',
    status: 200,
    reply: z.object({ accounts: z.array(account) }).meta({ id: 'Accounts' }),
  },
  createAccount: {
    method: 'post',
    path: '/admin/v1/accounts',
    tag,
    summary: 'Add an account, whose holder chooses a password by a one-time link',
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
    summary: 'Give an account another role, disable or enable it',
    description:
      'Its sessions end when it is disabled. The last owner with a password stays one. With another e-mail address it is for somebody else to sign on.',
    access: 'accounts:write',
    params,
    body: z
      .strictObject({ role, department_id: departmentId, disabled: z.boolean(), email })
      .partial()
      .meta({ id: 'AccountChange' }),
    status: 204,
  },
  inviteAccount: {
    method: 'post',
    path: '/admin/v1/accounts/{account_id}/invitation',
    tag,
    summary: 'Another one-time link: for a password that is forgotten',
    description: 'The password stays until another one is chosen; earlier links do not work any more.',
    access: 'accounts:write',
    params,
    status: 200,
    reply: invitation,
  },
  resetSecondFactor: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}/second-factor',
    tag,
    summary: 'Let an account log in without codes: for a phone that is lost',
    description: 'Its sessions end. Not one’s own account.',
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
