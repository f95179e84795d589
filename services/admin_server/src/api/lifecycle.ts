import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

/** Scopes of a retention rule. */
export const retentionScopes = ['installation', 'department', 'group'] as const;

const scope = z.enum(retentionScopes);
const days = z.int().min(1).max(36_500).nullable().describe('null: for ever');

const rule = z
  .object({
    rule_id: id,
    scope,
    scope_id: id.nullable().describe('Of the department or group; null: the installation'),
    name: z.string().describe('Of the department or group'),
    days,
    effective_at: moment.describe('Before it, nothing in its scope is removed'),
  })
  .meta({ id: 'RetentionRule' });

const hold = z
  .object({
    hold_id: id,
    reason: z.string(),
    user_id: id.nullable(),
    group_id: id.nullable(),
    name: z.string().describe('Of the person or the group'),
    placed_by: z.string(),
    placed_at: moment,
  })
  .meta({ id: 'LegalHold' });

/** Either a user or a group. */
const subject = z
  .strictObject({ reason: line(1, 200), user_id: id.optional(), group_id: id.optional() })
  .refine((body) => (body.user_id === undefined) !== (body.group_id === undefined), {
    message: 'either user_id or group_id is needed',
    path: ['user_id'],
  });

const messageExport = z
  .object({
    export_id: id,
    user_id: id.nullable(),
    group_id: id.nullable(),
    name: z.string().describe('Of the person or the group'),
    reason: z.string(),
    requested_by: z.string(),
    requested_at: moment,
    own: z.boolean().describe('Whether whoever asks requested it, and cannot approve it'),
    approved_by: z.string().nullable(),
    expires_at: moment.nullable().describe('Until then it can be written; null: it is not approved'),
    written_by: z.string().nullable(),
    written_at: moment.nullable(),
    messages: z.int().nullable(),
    manifest_hash: z.string().nullable().describe('SHA-256 of the manifest, hex'),
  })
  .meta({ id: 'MessageExport' });

const erasure = z
  .object({
    erasure_id: id,
    user_id: id,
    name: z.string().describe('Of the person since'),
    reason: z.string(),
    requested_by: z.string(),
    requested_at: moment,
    finished_at: moment.nullable().describe('null: it is in progress'),
    messages: z.int().describe('Whose content was replaced'),
    held: z.int().describe('Messages that stay because of a legal hold'),
    devices: z.int().describe('Removed'),
    places: z.int().describe('Networks they logged in from, removed'),
    files: z.int().describe('Not fetched yet, expired'),
  })
  .meta({ id: 'Erasure' });

const tag = 'Lifecycle';

export const lifecycleApi = define({
  getRetention: {
    method: 'get',
    path: '/admin/v1/retention',
    tag,
    summary: 'For how long messages are kept, and what was removed',
    access: 'lifecycle:read',
    status: 200,
    reply: z
      .object({
        rules: z.array(rule),
        running: z.boolean().describe('Whether expired messages are being removed now'),
        started_at: moment
          .nullable()
          .describe('Of the current removal or the last one; null: there was none'),
        finished_at: moment.nullable().describe('null: it is in progress, or there was none'),
        removed: z.int().describe('Messages, in that one'),
        removed_ever: z.int().describe('Messages, of all times'),
      })
      .meta({ id: 'Retention' }),
  },
  setRetention: {
    method: 'post',
    path: '/admin/v1/retention',
    tag,
    summary: 'Set for how long messages of the installation, a department or a group are kept',
    description:
      'By the rule of a group its messages are kept; those of two people by the rule that keeps longer, of the nearest department above each of them. Where there is none, the rule of the installation holds. A rule by which messages go sooner takes effect a day later.',
    access: 'lifecycle:write',
    body: z
      .strictObject({
        scope,
        scope_id: id.nullable().default(null).describe('Of the department or group; null: the installation'),
        days,
      })
      .meta({ id: 'NewRetentionRule' }),
    status: 200,
    reply: z.object({ rule_id: id }).meta({ id: 'RetentionRuleId' }),
  },
  removeRetention: {
    method: 'delete',
    path: '/admin/v1/retention/{rule_id}',
    tag,
    summary: 'Remove a rule',
    description:
      'What it was for keeps to the rule above from then on; a rule above that keeps less takes effect again a day later.',
    access: 'lifecycle:write',
    params: z.strictObject({ rule_id: pathId }),
    status: 204,
  },
  listHolds: {
    method: 'get',
    path: '/admin/v1/holds',
    tag,
    summary: 'The legal holds in place, oldest first',
    access: 'lifecycle:read',
    status: 200,
    reply: z.object({ holds: z.array(hold) }).meta({ id: 'LegalHolds' }),
  },
  placeHold: {
    method: 'post',
    path: '/admin/v1/holds',
    tag,
    summary: 'Keep everything of a person or a group',
    description:
      'From then on none of it is removed, whatever its age: of a person all conversations with others and all groups they are in, also those they leave later.',
    access: 'lifecycle:write',
    body: subject.meta({ id: 'NewLegalHold' }),
    status: 201,
    reply: z.object({ hold_id: id }).meta({ id: 'LegalHoldId' }),
  },
  releaseHold: {
    method: 'delete',
    path: '/admin/v1/holds/{hold_id}',
    tag,
    summary: 'Release a legal hold',
    description: 'What it kept, and no other hold keeps, keeps to the rules of retention from then on.',
    access: 'lifecycle:write',
    params: z.strictObject({ hold_id: pathId }),
    status: 204,
  },
  listExports: {
    method: 'get',
    path: '/admin/v1/exports',
    tag,
    summary: 'Exports of messages, newest first',
    access: 'lifecycle:read',
    status: 200,
    reply: z.object({ exports: z.array(messageExport) }).meta({ id: 'MessageExports' }),
  },
  requestExport: {
    method: 'post',
    path: '/admin/v1/exports',
    tag,
    summary: 'Ask for an export of the messages of a person or a group',
    description: 'Somebody else has to approve it; then `teamtalk export write` writes it, for a week.',
    access: 'lifecycle:write',
    body: subject.meta({ id: 'NewMessageExport' }),
    status: 201,
    reply: z.object({ export_id: id }).meta({ id: 'MessageExportId' }),
  },
  approveExport: {
    method: 'post',
    path: '/admin/v1/exports/{export_id}/approval',
    tag,
    summary: 'Approve an export that somebody else has asked for',
    description:
      'By an account that nobody else has made, invited, changed or reset since it was asked for: whoever manages accounts could be both.',
    access: 'lifecycle:write',
    params: z.strictObject({ export_id: pathId }),
    status: 204,
  },
  listErasures: {
    method: 'get',
    path: '/admin/v1/erasures',
    tag,
    summary: 'Erasures of people, newest first; of those that have finished, the certificates',
    access: 'lifecycle:read',
    status: 200,
    reply: z.object({ erasures: z.array(erasure) }).meta({ id: 'Erasures' }),
  },
  eraseUser: {
    method: 'post',
    path: '/admin/v1/erasures',
    tag,
    summary: 'Erase a person who has left',
    description:
      'Names, contacts, devices, passwords and tokens go at once, what they wrote by and by. It cannot be undone. Who is under a legal hold is not erased; messages that another hold covers stay, and are counted.',
    access: 'lifecycle:write',
    body: z.strictObject({ user_id: id, reason: line(1, 200) }).meta({ id: 'NewErasure' }),
    status: 201,
    reply: z.object({ erasure_id: id }).meta({ id: 'ErasureId' }),
  },
});
