import { moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const failure = z
  .object({
    network: z.string().describe('IPv4 address, or the /64 of an IPv6 address; empty: not known'),
    failures: z.int(),
    last_at: moment,
    known: z.boolean().describe('The user has logged in from there before'),
    locked: z.boolean().describe('The user is refused from there for now'),
  })
  .meta({ id: 'LoginFailure' });

const params = z.strictObject({ user_id: pathId });
const tag = 'Users';

/** Failed logins; after too many, logins of the user or account are refused for a while. */
export const loginFailuresApi = define({
  listLoginFailures: {
    method: 'get',
    path: '/admin/v1/users/{user_id}/login-failures',
    tag,
    summary: 'Failed logins of a user that still count, by network, newest first',
    description: 'A network the user has logged in from counts by itself, all others together.',
    access: 'users:read',
    params,
    status: 200,
    reply: z
      .object({
        failures: z.array(failure),
        max_failures: z.int().describe('After so many the user is refused'),
        window_minutes: z.number().describe('For so long a failure counts'),
      })
      .meta({ id: 'LoginFailures' }),
  },
  unlockUser: {
    method: 'delete',
    path: '/admin/v1/users/{user_id}/login-failures',
    tag,
    summary: 'Forget the failed logins of a user, who can log in again at once',
    access: 'users:reset-password',
    params,
    status: 204,
  },
  unlockAccount: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}/login-failures',
    tag: 'Accounts',
    summary: 'Forget the failed logins of an account, which can log in again at once',
    access: 'accounts:write',
    params: z.strictObject({ account_id: pathId }),
    status: 204,
  },
});
