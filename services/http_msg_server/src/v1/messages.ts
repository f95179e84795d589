import { ask, Problem } from '@teamtalk/administration';
import { MsgType } from '@teamtalk/protocol';
import { bots } from '@teamtalk/rpc';
import { z } from 'zod';
import { type SendRefusal, sendMessage } from '../actions/send-message.js';
import type { Context } from '../context.js';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, receiver, senderFor } from './fields.js';
import { operation } from './operation.js';

export const messageType = z
  .enum(['text', 'audio', 'notice'])
  .describe('`notice` is for users only, and for clients that were built for it');

export const messageText = z
  .string()
  .min(1)
  .describe(
    'The text as it is read; of audio: base64 of its duration in seconds (big-endian u32), followed by the sound',
  );

const types = {
  user: { text: MsgType.SINGLE_TEXT, audio: MsgType.SINGLE_AUDIO, notice: MsgType.PUSH_NOTICE },
  group: { text: MsgType.GROUP_TEXT, audio: MsgType.GROUP_AUDIO, notice: undefined },
} as const;

/** @throws Problem for a notice to a group */
export function msgTypeOf(target: keyof typeof types, type: z.output<typeof messageType>): number {
  const msgType = types[target][type];
  if (msgType === undefined) throw new Problem('not-possible', 'a notice goes to users, not to groups');
  return msgType;
}

/** @throws Problem */
export function refuseMessage(refusal: SendRefusal | 'nobody' | 'other-request'): never {
  if (refusal === 'unavailable') throw new Problem('unavailable');
  if (refusal === 'other-request') throw new Problem('other-request');
  if (refusal === 'not-audio')
    throw new Problem('invalid-request', 'the audio is not base64, or has no sound');
  if (refusal === 'too-long') throw new Problem('too-large', 'the message is longer than clients take');
  const details: Partial<Record<typeof refusal, string>> = {
    'to-oneself': 'a user cannot send a message to themselves',
    'unknown-user': 'the sender or the receiver does not exist',
    'not-a-member': 'the sender is not in the group or is muted there, or there is no such group',
    nobody: 'the sender does not exist, or may write to none of the receivers',
  };
  throw new Problem('not-possible', details[refusal]);
}

const body = z
  .strictObject({
    from_user_id: id.optional().describe('May be left out by an app that speaks as one user'),
    to: z.union([z.strictObject({ user_id: id }), z.strictObject({ group_id: id }), receiver]),
    type: messageType.default('text'),
    msg: messageText,
    id: key,
  })
  .meta({ id: 'NewMessage', example: { from_user_id: 1, to: { user_id: 2 }, type: 'text', msg: 'hello' } });

export const messageOperations = [
  operation({
    method: 'post',
    path: '/v1/messages',
    id: 'sendMessage',
    tag: 'Messages',
    summary: 'Send a message in a user’s name',
    description:
      'Answered when it is stored: then it will be delivered. The header X-Trace-Id follows it in all logs.',
    permission: 'p2p',
    body,
    status: 201,
    reply: z
      .object({ msg_id: id.describe('Counts from 1 in each conversation') })
      .meta({ id: 'SentMessage' }),
    sender: (input) => input.body.from_user_id,
    async handle(context, { body: { to, type, msg, from_user_id, ...rest }, app, idempotencyKey }) {
      const fromUserId = senderFor(app, from_user_id);
      const found = typeof to === 'string' ? await named(context, fromUserId, to) : to;
      const outcome = await sendMessage(context, {
        fromUserId,
        toSessionId: 'user_id' in found ? found.user_id : found.group_id,
        msgType: msgTypeOf('user_id' in found ? 'user' : 'group', type),
        msg,
        key: scopedKey(app, 'message', keyOf(rest, idempotencyKey)),
      });
      if (outcome.status !== 'stored') return refuseMessage(outcome.status);
      return { reply: { msg_id: outcome.msgId }, trace: outcome.trace };
    },
  }),
];

/** Looks up a receiver by name. @throws Problem when there is none that the sender may write to */
async function named(
  context: Context,
  fromUserId: number,
  text: string,
): Promise<{ user_id: number } | { group_id: number }> {
  const { userId, groupId } = await ask(context, bots.findReceiver, { fromUserId, receiver: text });
  if (userId > 0) return { user_id: userId };
  if (groupId > 0) return { group_id: groupId };
  throw new Problem('not-possible', `${text} is not a user, or not a group that the sender is in`);
}
