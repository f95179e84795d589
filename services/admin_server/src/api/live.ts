import { moment } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const clientClasses = ['pc', 'mobile', 'web', 'bot'] as const;
const clients = ['windows', 'mac', 'ios', 'android'] as const;

const perSecond = z.number().nullable().describe('null: not known yet, or no msg_server can be read');
const seconds = z.number().nullable().describe('null: no message in the last minute');

const queue = z.object({
  queue: z.enum(['outbox', 'broadcasts', 'webhooks', 'pushes']),
  waiting: z.int().describe('A longer queue counts as 10000'),
  oldest_seconds: z.number().describe('0: nothing waits'),
});

const alert = z.object({
  alert: z.string().describe('Its heading in docs/guides/alerts.md'),
  severity: z.enum(['critical', 'warning']),
  subjects: z.array(z.string()).describe('Instances or services; empty: the installation'),
  since: moment.describe('When it was first seen while somebody watched'),
});

const build = z.object({
  client: z.enum(clients).nullable().describe('null: unknown, or various'),
  version: z.string().describe('As the client says it'),
  class: z.enum(clientClasses).nullable(),
  collective: z
    .boolean()
    .describe(
      'Stands for connections before their login, and for builds that are no longer counted one by one',
    ),
  users: z.int().describe('Online; a user at two msg_servers counts twice'),
  connections: z.int(),
  logins: z.int(),
  first_seen: moment.nullable().describe('Logins and faults are counted since; null: less than a minute ago'),
  last_seen: moment.nullable(),
  faults: z.array(z.object({ fault: z.string(), count: z.int() })).describe('Most frequent first'),
});

const condition = z.object({
  condition: z.enum(['one-version', 'schema', 'programs', 'working', 'replicas']),
  state: z.enum(['passed', 'failed', 'advice', 'unknown']),
  details: z.array(z.string()),
});

const setting = z.object({
  service: z.string(),
  host: z.string(),
  instance: z.string().describe('8 hex digits'),
  variable: z.string().describe('What sets it at the service'),
  value: z.string().nullable().describe('Empty: clients are told none; null: the instance does not answer'),
  by_default: z.boolean().nullable().describe('null: not known'),
});

export const liveApi = define({
  getActivity: {
    method: 'get',
    path: '/admin/v1/activity',
    tag: 'Overview',
    summary: 'Rates, delays, queues, versions, certificates and alerts',
    description:
      'Every instance is read, at most once in 2.5 s and only while somebody asks. Rates and quantiles are those of the last minute at most, and are there from the second call on.',
    access: 'overview:read',
    status: 200,
    reply: z
      .object({
        messages_per_second: perSecond.describe('Acknowledged to their senders'),
        deliveries_per_second: perSecond.describe('Written to connections'),
        delivery_p50_seconds: seconds,
        delivery_p99_seconds: seconds,
        queues: z.array(queue),
        classes: z.array(z.object({ class: z.enum(clientClasses), users: z.int(), connections: z.int() })),
        versions: z
          .array(z.object({ service: z.string(), version: z.string(), instances: z.int() }))
          .describe('By service; an empty version is one that instances do not tell yet'),
        certificates: z
          .array(z.object({ instance: z.string(), expires_at: moment }))
          .describe('Those that clients are shown, the first to expire first'),
        alerts: z.array(alert),
        unread: z
          .array(z.object({ instance: z.string(), reason: z.string() }))
          .describe('Instances whose metrics cannot be read: figures and alerts lack them'),
        doubt: z.string().nullable().describe('Why instances may be out of date'),
      })
      .meta({ id: 'Activity' }),
  },
  listClients: {
    method: 'get',
    path: '/admin/v1/clients',
    tag: 'Overview',
    summary: 'Which programs clients run, and what they do wrong',
    description:
      'Those that are connected or were in the last 90 days. A msg_server counts at most 256 client types and versions one by one in a minute; 2000 are kept.',
    access: 'overview:read',
    status: 200,
    reply: z
      .object({
        builds: z.array(build).describe('Most users first'),
        unanswered: z.int().describe('msg_servers that do not answer'),
      })
      .meta({ id: 'Clients' }),
  },
  getUpgradeCheck: {
    method: 'get',
    path: '/admin/v1/upgrade',
    tag: 'Overview',
    summary: 'Can this installation be upgraded now?',
    access: 'overview:read',
    status: 200,
    reply: z
      .object({
        version: z.string().describe('Of this admin_server'),
        schema: z.string().describe('The newest migration that db_proxy_server knows'),
        conditions: z.array(condition),
      })
      .meta({ id: 'UpgradeCheck' }),
  },
  listSettings: {
    method: 'get',
    path: '/admin/v1/settings',
    tag: 'Overview',
    summary: 'The addresses that clients are told, and which variables set them',
    access: 'overview:read',
    status: 200,
    reply: z.object({ settings: z.array(setting) }).meta({ id: 'Settings' }),
  },
});
