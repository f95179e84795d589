import { ask, savedId } from '@teamtalk/administration';
import { bots, type httpApi } from '@teamtalk/rpc';
import { newToken } from '@teamtalk/service-kit';
import { z } from 'zod';
import { id, line, moment, momentOf, pathId, receiver } from './fields.js';
import { operation } from './operation.js';

const fields = {
  name: line(1, 64),
  bot_id: id.describe('The bot that sends the messages'),
  any_receiver: z.boolean().describe('Whether a post may name another receiver in its `channel` field'),
  rate: z
    .number()
    .gt(0)
    .max(1_000)
    .describe('Maximum posts per second at each http_msg_server, with bursts of ten seconds’ worth'),
};

const hook = z
  .object({
    hook_id: id,
    ...fields,
    to: z.union([z.object({ user_id: id }), z.object({ group_id: id })]),
    created_at: moment,
  })
  .meta({ id: 'Hook' });
const newHook = z
  .strictObject({
    ...fields,
    to: receiver,
    any_receiver: fields.any_receiver.default(false),
    rate: fields.rate.default(1),
  })
  .meta({
    id: 'NewHook',
    example: { name: 'builds', bot_id: 7, to: '#Release', any_receiver: false, rate: 1 },
  });
const created = z
  .object({
    hook_id: id,
    path: z
      .string()
      .describe('Path to post to, which contains the token. Shown once: only the token’s hash is stored'),
  })
  .meta({ id: 'CreatedHook' });
const params = z.strictObject({ hook_id: pathId });

const tag = 'Hooks';
const permission = 'bots:admin';

export const hookOperations = [
  operation({
    method: 'get',
    path: '/v1/hooks',
    id: 'listHooks',
    tag,
    summary: 'List hooks (incoming webhooks) by name',
    permission,
    status: 200,
    reply: z.object({ hooks: z.array(hook) }).meta({ id: 'Hooks' }),
    async handle(context) {
      const list = await ask(context, bots.listHooks, {});
      return { reply: { hooks: (list.hooks as httpApi.api.Hook[]).map(toHook) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/hooks',
    id: 'createHook',
    tag,
    summary: 'Add a hook: a bot sends what is posted to its URL to a user or group',
    description:
      'There is no Idempotency-Key, because the token would have to be stored to repeat the response: if the response is lost, remove the hook and add it again.',
    permission,
    body: newHook,
    status: 201,
    reply: created,
    async handle(context, { body: { name, bot_id: botId, to, any_receiver: anyReceiver, rate }, actor }) {
      const { token, hash } = newToken();
      const wanted = { name, botId, receiver: to, anyReceiver, rate, tokenHash: hash, actor };
      const hookId = savedId(await ask(context, bots.createHook, wanted), 'bot', 'name-taken');
      return { reply: { hook_id: hookId, path: `/hooks/${token}` } };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/hooks/{hook_id}',
    id: 'removeHook',
    tag,
    summary: 'Remove a hook, whose URL then stops working',
    permission,
    params,
    status: 204,
    async handle(context, { params: { hook_id: id }, actor }) {
      savedId(await ask(context, bots.deleteHook, { id, actor }), 'hook');
      return { reply: undefined };
    },
  }),
];

function toHook(found: httpApi.api.Hook): z.output<typeof hook> {
  const { userId, groupId } = found.receiver as httpApi.api.Receiver;
  return {
    hook_id: found.hookId,
    name: found.name,
    bot_id: found.botId,
    to: groupId > 0 ? { group_id: groupId } : { user_id: userId },
    any_receiver: found.anyReceiver,
    rate: found.rate,
    created_at: momentOf(found.createdAt),
  };
}
