import { id, line, maxId, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

/** The audiences of a broadcast. */
export const broadcastAudiences = ['everybody', 'departments', 'groups', 'users'] as const;

/** Most departments, groups or users of one broadcast. */
export const maxChosen = 500;

/** Longest message, UTF-16 code units. */
export const maxBroadcastLength = 2_000;

const states = ['scheduled', 'sending', 'done', 'cancelled', 'nobody'] as const;

const audience = z
  .enum(broadcastAudiences)
  .describe('Departments with those below them; groups: each member gets a message of their own, once');

const broadcast = z
  .object({
    broadcast_id: id,
    from_user_id: id,
    from_name: z.string(),
    message: z.string(),
    audience,
    chosen: z.int().describe('How many departments, groups or users were chosen'),
    names: z.array(z.string()).describe('Of the first three'),
    state: z.enum(states).describe('nobody: when it was due there was no receiver, or its sender had left'),
    created_by: z.string(),
    created_at: moment,
    send_at: moment,
    ended_at: moment.nullable(),
    cancelled_by: z.string().nullable(),
    receivers: z.int().describe('0 before it is due'),
    stored: z.int().describe('Receivers whose message is stored, and will be delivered'),
    refused: z.int().describe('Receivers that get nothing'),
  })
  .meta({ id: 'Broadcast' });

const sender = z.object({ user_id: id, name: z.string() });
const tag = 'Broadcasts';

export const broadcastsApi = define({
  listBroadcasts: {
    method: 'get',
    path: '/admin/v1/broadcasts',
    tag,
    summary: 'Broadcasts of the console, and the bots that can send one',
    description: 'At most 200: those in progress first, then the newest. Finished ones are kept for 30 days.',
    access: 'broadcasts:read',
    status: 200,
    reply: z
      .object({ broadcasts: z.array(broadcast), senders: z.array(sender) })
      .meta({ id: 'BroadcastsAndSenders' }),
  },
  previewBroadcast: {
    method: 'get',
    path: '/admin/v1/broadcasts/preview',
    tag,
    summary: 'Count the current receivers of a broadcast',
    access: 'broadcasts:write',
    query: z.strictObject({
      from_user_id: pathId,
      audience,
      ids: z
        .string()
        .regex(/^[1-9]\d{0,9}(,[1-9]\d{0,9}){0,499}$/)
        .refine(
          (text) => text.split(',').every((each) => Number(each) <= maxId),
          'contains an id out of range',
        )
        .optional()
        .describe('Of departments, groups or users, separated by commas; none for everybody'),
    }),
    status: 200,
    reply: z.object({ receivers: z.int() }).meta({ id: 'BroadcastPreview' }),
  },
  createBroadcast: {
    method: 'post',
    path: '/admin/v1/broadcasts',
    tag,
    summary: 'Send a message to many, now or later',
    description:
      'Each receiver gets it from the bot, as a text that every client shows. The receivers are determined when it is due.',
    access: 'broadcasts:write',
    body: z
      .strictObject({
        key: line(1, 64).describe(
          'Chosen by the caller; a repeated request with the same key creates no second broadcast',
        ),
        from_user_id: id.describe('A bot'),
        message: line(1, maxBroadcastLength),
        audience,
        ids: z.array(id).max(maxChosen).default([]).describe('None for everybody'),
        send_at: moment.nullable().default(null).describe('null, or past: now; a year ahead at most'),
      })
      .refine(({ audience: chosen, ids }) => (chosen === 'everybody') === (ids.length === 0), {
        message: 'must be empty for everybody, and only then',
        params: { code: 'not-empty' },
        path: ['ids'],
      })
      .meta({ id: 'NewBroadcast' }),
    status: 201,
    reply: z.object({ broadcast_id: id }).meta({ id: 'BroadcastId' }),
  },
  cancelBroadcast: {
    method: 'post',
    path: '/admin/v1/broadcasts/{broadcast_id}/cancellation',
    tag,
    summary: 'Cancel a broadcast that waits or is being sent',
    description: 'Users who have not received it yet will not; those who have keep it.',
    access: 'broadcasts:write',
    params: z.strictObject({ broadcast_id: pathId }),
    status: 204,
  },
});
