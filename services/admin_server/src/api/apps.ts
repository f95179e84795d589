import { id, moment } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

export const appsApi = define({
  listApps: {
    method: 'get',
    path: '/admin/v1/apps',
    tag: 'Apps',
    summary: 'Systems that can call the HTTP API, including revoked ones',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        apps: z.array(
          z.object({
            app_id: id,
            name: z.string(),
            permissions: z.array(z.string()),
            addresses: z.array(z.string()).describe('CIDR; empty: from anywhere'),
            user_id: id.nullable().describe('The only user it may act as; null: any'),
            rate: z.number().nullable().describe('Calls per second; null: no limit'),
            signs: z.boolean().describe('Whether it signs its requests'),
            created_at: moment,
            revoked_at: moment.nullable(),
          }),
        ),
      })
      .meta({ id: 'Apps' }),
  },
  listWebhooks: {
    method: 'get',
    path: '/admin/v1/webhooks',
    tag: 'Apps',
    summary: 'Systems that receive events',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        webhooks: z.array(
          z.object({
            name: z.string(),
            origin: z.string().describe('Without the rest of the URL, which may be a secret'),
            events: z.array(z.string()),
            bot_id: id.nullable().describe('The user whose messages it gets'),
            waiting: z.int().describe('Events in its queue'),
            failed: z.int().describe('Dead letters'),
          }),
        ),
      })
      .meta({ id: 'Webhooks' }),
  },
});
