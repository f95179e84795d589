import { id, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { role } from './session.js';

const counted = z.int().min(0);
const named = z.array(z.object({ id, name: z.string() }));

export const userStandingApi = define({
  getUserStanding: {
    method: 'get',
    path: '/admin/v1/users/{user_id}/standing',
    tag: 'Users',
    summary: 'What a user has unread, and what they may do',
    description:
      'Lists have at most 20 entries. What the role may not see is empty: conversations need `pushes:read`, groups `groups:read`, apps and hooks `apps:read`, the console account `accounts:read`.',
    access: 'users:read',
    params: z.strictObject({ user_id: pathId }),
    status: 200,
    reply: z
      .object({
        unread: counted.describe('Messages, in all conversations'),
        unread_conversations: counted,
        conversations: z
          .array(z.object({ session_id: id, group: z.boolean(), name: z.string(), unread: counted }))
          .describe('Those with the most unread messages'),
        groups: counted,
        groups_owned: counted,
        owned: named,
        bot: z.boolean(),
        apps: named.describe('Apps that may act as this user only'),
        hooks: named.describe('Hooks that post as this bot'),
        account: z
          .object({ account_id: id, name: z.string(), role, disabled: z.boolean() })
          .nullable()
          .describe('The console account with the user’s e-mail address'),
      })
      .meta({ id: 'UserStanding' }),
  },
});
