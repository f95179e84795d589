import type { ProblemKind } from './problem.js';

/** Why an operation cannot be done now, or not for these users or groups. The codes are part of the APIs. */
export const refusals = {
  'account-disabled': ['conflict', 'the account is disabled'],
  'account-taken': ['conflict', 'another account has this name or e-mail address'],
  'approver-not-independent': [
    'not-possible',
    'the requester cannot approve the export, nor can an account that was created or changed after the request',
  ],
  'app-active': ['conflict', 'the app can still call; revoke or disable it first'],
  'app-revoked': ['conflict', 'the key is already revoked; a new one is needed'],
  'broadcast-ended': ['conflict', 'the broadcast has already ended'],
  'changed-meanwhile': ['conflict', 'somebody else has changed it meanwhile'],
  'department-not-empty': ['conflict', 'the department has users, or departments below it'],
  'group-full': ['not-possible', 'the group would have too many members'],
  'hook-receiver': ['not-possible', 'the receiver has left, or the bot is not in the group'],
  'import-state': ['conflict', 'the import has already begun or been undone, or has not begun yet'],
  'import-too-large': ['not-possible', 'an import has at most 50,000 rows'],
  'last-owner-or-address-taken': [
    'conflict',
    'there is no other owner with a password, or another account has this e-mail address',
  ],
  'last-owner-or-own-account': [
    'conflict',
    'there is no other owner with a password, or the account is your own',
  ],
  'members-changing': ['conflict', 'members are being added concurrently'],
  'name-taken': ['conflict', 'the name is taken'],
  'no-image-server': ['not-possible', 'no image server is configured: MSFS_URL'],
  'not-a-bot': ['not-possible', 'the user is not a bot'],
  'not-a-picture': ['not-possible', 'the file is not a JPEG, PNG or GIF'],
  'nobody-chosen': ['not-possible', 'no such user was chosen'],
  'no-credentials-key': ['not-possible', 'push_server has no PUSH_CREDENTIALS_KEY'],
  'no-push-server': ['not-possible', 'no push_server answers'],
  'no-second-factor': [
    'conflict',
    'two-step login is not set up for the account, or the account is your own',
  ],
  'no-such-members': ['not-possible', 'none of the members exists'],
  'not-in-group': ['not-possible', 'the user is not a member of the group'],
  'second-factor-on': ['conflict', 'two-step login is already set up'],
  'successor-unknown': ['not-possible', 'the successor does not exist, has left, or is to leave as well'],
  'too-many-apps': ['conflict', 'there are already 1,000 apps'],
  'too-many-broadcasts': ['conflict', '100 broadcasts are already waiting'],
  'too-many-pages': ['conflict', 'there are already 200 discovery pages'],
  'too-many-views': ['conflict', 'the account has 50 saved views already'],
  'too-many-webhooks': ['conflict', 'there are already 100 webhooks'],
  'unknown-user': ['not-possible', 'there is no such user'],
  'user-has-left': ['conflict', 'the user has left; restore them first'],
  'user-not-left': ['conflict', 'the user has not left; mark them as having left first'],
  'user-on-hold': ['not-possible', 'the user is under a legal hold'],
  'webhook-disabled': ['conflict', 'the webhook is disabled; enable it first'],
  'wrong-department': ['not-possible', 'the department does not exist, or would become its own descendant'],
} as const satisfies Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>>;

export type RefusalCode = keyof typeof refusals;
