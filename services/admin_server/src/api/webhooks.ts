import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { webhookEvents } from '@teamtalk/rpc/app-permissions';
import { z } from 'zod';
import { define } from './definition.js';
import { page } from './fields.js';

const target = {
  url: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    // Also called with what is no URL.
    .refine((text) => !URL.canParse(text) || !(new URL(text).username || new URL(text).password), {
      message: 'without a name or a password: the signature proves who posts',
      params: { code: 'url-with-login' },
    }),
  events: z.array(z.enum(webhookEvents)).min(1),
  bot_id: id.nullable().describe('The user whose messages it gets; required for the event `message`'),
};

const needsBot = {
  check: ({ events, bot_id }: { events: readonly string[]; bot_id: number | null }) =>
    !events.includes('message') || bot_id !== null,
  params: { message: 'the event `message` needs a user', params: { code: 'needs-user' }, path: ['bot_id'] },
};

const event = {
  event_id: z.int(),
  event: z.string(),
  created_at: moment,
  attempts: z.int(),
  next_at: moment.nullable().describe('Of the next attempt; null: it is delivered or given up'),
  delivered_at: moment.nullable(),
  failed_at: moment.nullable().describe('When it became a dead letter'),
  error: z.string().nullable().describe('Why the last attempt failed; null: it did not'),
};

const letters = {
  params: z.strictObject({ webhook_id: pathId }),
  body: z
    .strictObject({
      event_ids: z.array(z.int().positive()).min(1).max(200).optional().describe('Only these; left out: all'),
    })
    .meta({ id: 'DeadLetterChoice' }),
  reply: z
    .object({ events: z.int().describe('How many; at most 10,000 for each call') })
    .meta({ id: 'ChangedDeadLetters' }),
};

const params = z.strictObject({ webhook_id: pathId });
const issued = z
  .object({ webhook_id: id, secret: z.string().describe('Only in this response') })
  .meta({ id: 'WebhookSecret' });
const tag = 'Apps';

export const webhooksApi = define({
  listWebhooks: {
    method: 'get',
    path: '/admin/v1/webhooks',
    tag,
    summary: 'Systems that receive events',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        webhooks: z.array(
          z.object({
            webhook_id: id,
            name: z.string(),
            origin: z.string().describe('Without the rest of the URL, which may be a secret'),
            events: z.array(z.string()),
            bot_id: id.nullable().describe('The user whose messages it gets'),
            disabled: z.boolean().describe('Nothing is recorded or posted for it'),
            waiting: z.int().describe('Events in its queue'),
            failed: z.int().describe('Dead letters'),
          }),
        ),
      })
      .meta({ id: 'Webhooks' }),
  },
  createWebhook: {
    method: 'post',
    path: '/admin/v1/webhooks',
    tag,
    summary: 'Add a system that receives events',
    access: 'apps:write',
    body: z
      .strictObject({ name: line(1, 64), ...target })
      .refine(needsBot.check, needsBot.params)
      .meta({ id: 'NewWebhook' }),
    status: 201,
    reply: issued,
  },
  changeWebhook: {
    method: 'patch',
    path: '/admin/v1/webhooks/{webhook_id}',
    tag,
    summary: 'Change where a webhook’s events are posted, and which',
    access: 'apps:write',
    params,
    body: z
      .strictObject({ ...target, url: target.url.optional().describe('Left out: unchanged') })
      .refine(needsBot.check, needsBot.params)
      .meta({ id: 'WebhookTarget' }),
    status: 204,
  },
  renewWebhookSecret: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/secret',
    tag,
    summary: 'Replace the secret with which a webhook’s posts are signed',
    access: 'apps:write',
    params,
    status: 201,
    reply: issued,
  },
  disableWebhook: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/disable',
    tag,
    summary: 'Record and post nothing for a webhook until it is enabled again',
    access: 'apps:write',
    params,
    status: 204,
  },
  enableWebhook: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/enable',
    tag,
    summary: 'Enable a disabled webhook',
    access: 'apps:write',
    params,
    status: 204,
  },
  testWebhook: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/test',
    tag,
    summary: 'Post an event `test` to a webhook',
    access: 'apps:write',
    params,
    status: 204,
  },
  deleteWebhook: {
    method: 'delete',
    path: '/admin/v1/webhooks/{webhook_id}',
    tag,
    summary: 'Remove a webhook with its events',
    access: 'apps:write',
    params,
    status: 204,
  },
  listWebhookEvents: {
    method: 'get',
    path: '/admin/v1/webhooks/{webhook_id}/events',
    tag,
    summary: 'The newest events of a webhook, and what became of them',
    description: 'Newest first. Delivered events are kept for a day.',
    access: 'apps:read',
    params,
    query: z.strictObject({ limit: page.limit }),
    status: 200,
    reply: z.object({ events: z.array(z.object(event)) }).meta({ id: 'WebhookEvents' }),
  },
  listDeadLetters: {
    method: 'get',
    path: '/admin/v1/webhooks/{webhook_id}/dead-letters',
    tag,
    summary: 'Events of a webhook whose delivery failed for good',
    description: 'Oldest first.',
    access: 'apps:read',
    params,
    query: z.strictObject({
      after: z.coerce.number().int().positive().optional().describe('`next` of the page before'),
      limit: page.limit,
    }),
    status: 200,
    reply: z
      .object({
        letters: z.array(
          z.object({
            ...event,
            data: z
              .string()
              .describe(
                'The first 2,000 characters of its JSON; empty for roles that cannot change webhooks',
              ),
          }),
        ),
        next: z.int().nullable().describe('`after` of the next page; null: this is the last one'),
      })
      .meta({ id: 'DeadLetters' }),
  },
  retryDeadLetters: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/dead-letters/retry',
    tag,
    summary: 'Try dead letters again',
    access: 'apps:write',
    ...letters,
    status: 200,
  },
  dropDeadLetters: {
    method: 'post',
    path: '/admin/v1/webhooks/{webhook_id}/dead-letters/drop',
    tag,
    summary: 'Delete dead letters',
    access: 'apps:write',
    ...letters,
    status: 200,
  },
});
