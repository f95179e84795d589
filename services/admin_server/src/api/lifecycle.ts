import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

/** Scopes of a retention rule. */
export const retentionScopes = ['installation', 'department', 'group'] as const;

const scope = z.enum(retentionScopes);
const days = z.int().min(1).max(36_500).nullable().describe('null: forever');

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
    message: 'either user_id or group_id is required',
    params: { code: 'either-or' },
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
    own: z.boolean().describe('Whether the caller requested it, and so cannot approve it'),
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
    name: z.string().describe('Of the person after the erasure'),
    reason: z.string(),
    requested_by: z.string(),
    requested_at: moment,
    finished_at: moment.nullable().describe('null: it is in progress'),
    messages: z.int().describe('Whose content was replaced'),
    held: z.int().describe('Messages that stay because of a legal hold'),
    devices: z.int().describe('Removed'),
    places: z.int().describe('Remembered networks of logins, removed'),
    files: z.int().describe('Not fetched yet, expired'),
  })
  .meta({ id: 'Erasure' });

const tag = 'Lifecycle';

export const lifecycleApi = define({
  getRetention: {
    method: 'get',
    path: '/admin/v1/retention',
    tag,
    summary: 'How long messages are kept, and what has been removed',
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
        removed_ever: z.int().describe('Messages, in total'),
      })
      .meta({ id: 'Retention' }),
  },
  setRetention: {
    method: 'post',
    path: '/admin/v1/retention',
    tag,
    summary: 'Set how long messages of the installation, a department or a group are kept',
    description:
      'A group has its own rule. For messages between two people, the rule of the nearest department of each of them is looked up, and the one that keeps messages longer applies. Otherwise the rule of the installation applies. A rule that removes messages sooner takes effect a day later.',
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
      'The next higher rule applies from then on; if it keeps messages for a shorter time, it does so a day later.',
    access: 'lifecycle:write',
    params: z.strictObject({ rule_id: pathId }),
    status: 204,
  },
  listHolds: {
    method: 'get',
    path: '/admin/v1/holds',
    tag,
    summary: 'Active legal holds, oldest first',
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
      'From then on none of it is removed, however old. A hold on a person covers all their conversations with others and all groups that they are in, also those that they leave later.',
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
    description: 'What no other hold covers is subject to the retention rules from then on.',
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
    summary: 'Request an export of the messages of a person or a group',
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
    summary: 'Approve an export that somebody else has requested',
    description:
      'Only an account that nobody else has created, invited, changed or reset since the request can approve it; otherwise whoever manages accounts could act as both people.',
    access: 'lifecycle:write',
    params: z.strictObject({ export_id: pathId }),
    status: 204,
  },
  listErasures: {
    method: 'get',
    path: '/admin/v1/erasures',
    tag,
    summary: 'Erasures of people, newest first; finished ones are the certificates',
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
      'Names, contact details, devices, passwords and tokens are removed immediately, what they wrote in the background. It cannot be undone. A person under a legal hold is not erased; messages that another hold covers stay, and are counted.',
    access: 'lifecycle:write',
    body: z.strictObject({ user_id: id, reason: line(1, 200) }).meta({ id: 'NewErasure' }),
    status: 201,
    reply: z.object({ erasure_id: id }).meta({ id: 'ErasureId' }),
  },
});
