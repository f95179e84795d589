import { moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const failure = z
  .object({
    network: z.string().describe('IPv4 address, or the /64 of an IPv6 address; empty: not known'),
    failures: z.int(),
    last_at: moment,
    known: z.boolean().describe('The user has logged in from there before'),
    locked: z.boolean().describe('Whether logins from there are refused for now'),
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
    description:
      'Each network from which the user has logged in before has a count of its own; all others share one.',
    access: 'users:read',
    params,
    status: 200,
    reply: z
      .object({
        failures: z.array(failure),
        max_failures: z.int().describe('Number of failures after which the user is refused'),
        window_minutes: z.number().describe('How long a failure counts'),
      })
      .meta({ id: 'LoginFailures' }),
  },
  unlockUser: {
    method: 'delete',
    path: '/admin/v1/users/{user_id}/login-failures',
    tag,
    summary: 'Unlock a user: forget their failed logins',
    access: 'users:reset-password',
    params,
    status: 204,
  },
  unlockAccount: {
    method: 'delete',
    path: '/admin/v1/accounts/{account_id}/login-failures',
    tag: 'Accounts',
    summary: 'Unlock an account: forget its failed logins',
    access: 'accounts:write',
    params: z.strictObject({ account_id: pathId }),
    status: 204,
  },
});
