import { line } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const eventId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const event = z
  .object({
    event_id: z.int(),
    at: z.string().describe('RFC 3339 with microseconds'),
    actor: z.string().describe('console NAME, app NAME, operator NAME or user ID'),
    as_user: z.int().nullable().describe('The user in whose name'),
    source: z.string().describe('IP address, or the host of a command'),
    verb: z.string().describe('Such as user.change'),
    resource: z.string().describe('Such as user 5'),
    before: z.unknown().describe('Only what has changed; null: it is new'),
    after: z.unknown().describe('null: it was deleted'),
  })
  .meta({ id: 'AuditEvent' });

const tag = 'Audit';

export const auditApi = define({
  listAuditEvents: {
    method: 'get',
    path: '/admin/v1/audit',
    tag,
    summary: 'What administrators have changed, newest first',
    access: 'audit:read',
    query: z.strictObject({
      before: eventId.optional().describe('Only ids below this one: `next` of the page before'),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      verb: line(0, 64).optional().describe('Only verbs that begin with it, such as user.'),
      actor: line(0, 200).optional().describe('Exactly'),
      resource: line(0, 200).optional().describe('Exactly'),
    }),
    status: 200,
    reply: z
      .object({
        events: z.array(event),
        next: z.int().nullable().describe('`before` of the next page; null: this is the last one'),
      })
      .meta({ id: 'AuditEvents' }),
  },
  verifyAudit: {
    method: 'get',
    path: '/admin/v1/audit/verification',
    tag,
    summary: 'Check whether any event was changed or removed',
    access: 'audit:read',
    status: 200,
    reply: z
      .object({
        intact: z.boolean(),
        problem: z.string().nullable().describe('In English; null: it is intact'),
        fault: z
          .object({
            code: z.string().describe('Such as missing or changed'),
            event: z.int().describe('0: none'),
            other: z.int().describe('Another event that it is about; 0: none'),
          })
          .nullable()
          .describe(
            'The problem, for programs; null: it is intact, or db_proxy_server is of an older version',
          ),
        events: z.int(),
        first: z.int().describe('0: there is none'),
        last: z.int(),
        last_hash: z.string().describe('Hex; keep it elsewhere for a later comparison'),
      })
      .meta({ id: 'AuditVerification' }),
  },
});
