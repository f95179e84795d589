import { ask, Problem } from '@teamtalk/administration';
import { broadcasts } from '@teamtalk/rpc';
import { z } from 'zod';
import { startBroadcast } from '../actions/broadcasts.js';
import { maxReceivers } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, moment, momentOf, pathId, senderFor } from './fields.js';
import { messageText, messageType, msgTypeOf, refuseMessage } from './messages.js';
import { operation } from './operation.js';

const ids = z.array(id).min(1).max(maxReceivers);

const body = z
  .strictObject({
    from_user_id: id.optional().describe('May be left out by an app that speaks as one user'),
    to: z
      .union([
        z.strictObject({ user_ids: ids }),
        z.strictObject({ group_ids: ids }),
        z.strictObject({ department_ids: z.array(id).min(1).max(1_000) }),
        z.strictObject({ everybody: z.literal(true) }),
      ])
      .describe('Departments include those below them. The sender gets nothing'),
    type: messageType.default('notice'),
    msg: messageText,
    id: key,
  })
  .meta({ id: 'NewBroadcast' });

const refused = {
  refused: z
    .int()
    .describe('How many of those listed get nothing: they do not exist, or the sender is not in the group'),
  refused_ids: z.array(id).describe('The first 1,000 of them'),
};

const accepted = z
  .object({ broadcast_id: id, receivers: z.int(), ...refused })
  .meta({ id: 'AcceptedBroadcast' });

const progress = z
  .object({
    broadcast_id: id,
    from_user_id: id,
    receivers: z.int(),
    stored: z.int().describe('Receivers whose message is stored, and will be delivered'),
    ...refused,
    created_at: moment,
    finished_at: moment.nullable(),
  })
  .meta({ id: 'BroadcastProgress' });

type Target = z.output<typeof body>['to'];

export const broadcastOperations = [
  operation({
    method: 'post',
    path: '/v1/broadcasts',
    id: 'startBroadcast',
    tag: 'Broadcasts',
    summary: 'Send a message to many receivers',
    description: `Answered when it is accepted; it is sent in the background. At most ${maxReceivers} receivers can be listed.`,
    permission: 'broadcast',
    body,
    status: 202,
    reply: accepted,
    sender: (input) => input.body.from_user_id,
    async handle(context, { body: { to, type, msg, from_user_id, ...rest }, app, idempotencyKey }) {
      const outcome = await startBroadcast(context, {
        appId: app.id,
        fromUserId: senderFor(app, from_user_id),
        to: targetOf(to),
        msgType: msgTypeOf('group_ids' in to ? 'group' : 'user', type),
        msg,
        key: scopedKey(app, 'broadcast', keyOf(rest, idempotencyKey)),
      });
      if (typeof outcome === 'string') return refuseMessage(outcome);
      return {
        reply: {
          broadcast_id: outcome.broadcastId,
          receivers: outcome.receivers,
          refused: outcome.refused,
          refused_ids: outcome.refusedIds,
        },
        location: `/v1/broadcasts/${outcome.broadcastId}`,
      };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/broadcasts/{broadcast_id}',
    id: 'getBroadcast',
    tag: 'Broadcasts',
    summary: 'Get the progress of a broadcast',
    description:
      'Kept for 30 days after it is finished. An app sees its own, and those of callers without a key.',
    permission: 'broadcast',
    params: z.strictObject({ broadcast_id: pathId }),
    status: 200,
    reply: progress,
    async handle(context, { params: { broadcast_id }, app }) {
      const found = await ask(context, broadcasts.getBroadcast, { broadcastId: broadcast_id, appId: app.id });
      if (!found.found) throw new Problem('not-found', 'there is no such broadcast of this app');
      return {
        reply: {
          broadcast_id,
          from_user_id: found.fromUserId,
          receivers: found.receivers,
          stored: found.stored,
          refused: found.refused,
          refused_ids: found.refusedIds,
          created_at: momentOf(found.createdAt),
          finished_at: found.finishedAt === 0 ? null : momentOf(found.finishedAt),
        },
      };
    },
  }),
];

function targetOf(to: Target) {
  if ('everybody' in to) return 'everybody' as const;
  if ('department_ids' in to) return { departments: to.department_ids };
  return { ids: 'user_ids' in to ? to.user_ids : to.group_ids };
}
