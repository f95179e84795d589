import { moment } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const instance = z.object({
  service: z.string(),
  instance: z.string().describe('8 hex digits'),
  hostname: z.string(),
  address: z.string().describe('Where clients connect to it; empty: they do not'),
  connections: z.int(),
  online_users: z.int(),
  max_connections: z.int().describe('0: the service has no such limit'),
  version: z.string().describe('Empty: the instance does not tell it'),
  draining: z.boolean().describe('Accepts no new work'),
});

const momentOrNull = moment.nullable();

export const overviewApi = define({
  getOverview: {
    method: 'get',
    path: '/admin/v1/overview',
    tag: 'Overview',
    summary: 'Who is online, and what is running',
    access: 'overview:read',
    status: 200,
    reply: z
      .object({
        version: z.string().describe('Of this admin_server'),
        online_users: z.int().describe('Users with a connection; a user at two msg_servers counts twice'),
        connections: z.int(),
        users: z.int().describe('Users who have not left'),
        users_left: z.int(),
        departments: z.int(),
        groups: z.int(),
        instances: z.array(instance).describe('By service and hostname'),
      })
      .meta({ id: 'Overview' }),
  },
  getImportProgress: {
    method: 'get',
    path: '/admin/v1/import',
    tag: 'Overview',
    summary: 'How far the import from a legacy installation is',
    access: 'overview:read',
    status: 200,
    reply: z
      .object({
        import: z
          .object({
            source: z.string().describe('Host and name of the legacy database'),
            began_at: moment,
            written_at: moment.describe('When the importer last reported'),
            step: z.string().describe('What is running now, in words; empty: nothing'),
            step_code: z.string().nullable().describe('Of a step that is known here'),
            done: z.number(),
            total: z.number().describe('0: not known'),
            rows_behind: z.number().describe('Message rows that are only in the old store'),
            messages_until: momentOrNull.describe('Messages stored in the old store until then are here'),
            state_until: momentOrNull.describe('Everything else stored in the old store until then is here'),
            verified_at: momentOrNull.describe('When both sides were last compared'),
            unexplained: z.number().describe('Differences found by that comparison that are not explained'),
          })
          .nullable()
          .describe('null: nothing was imported'),
      })
      .meta({ id: 'ImportProgress' }),
  },
});
