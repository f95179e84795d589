import { ask, endLogins, savedId } from '@teamtalk/administration';
import { bots, type httpApi } from '@teamtalk/rpc';
import { newToken } from '@teamtalk/service-kit';
import { z } from 'zod';
import { id, line, moment, momentOf, pathId } from './fields.js';
import { operation } from './operation.js';

const name = line(1, 64).describe('Login name');
const token = z.string().describe('Shown once: only its hash is stored');

const bot = z
  .object({
    user_id: id,
    name,
    nick_name: z.string(),
    disabled: z.boolean(),
    token_set_at: moment.nullable().describe('null: the bot has no token and cannot log in'),
  })
  .meta({ id: 'Bot' });
const newBot = z
  .strictObject({ name, nick_name: line(0, 64).default('').describe('Empty: the name') })
  .meta({ id: 'NewBot', example: { name: 'ci', nick_name: 'Builds' } });
const params = z.strictObject({ user_id: pathId });

const tag = 'Bots';
const permission = 'bots:admin';

export const botOperations = [
  operation({
    method: 'get',
    path: '/v1/bots',
    id: 'listBots',
    tag,
    summary: 'List bots by name',
    permission,
    status: 200,
    reply: z.object({ bots: z.array(bot) }).meta({ id: 'Bots' }),
    async handle(context) {
      const list = await ask(context, bots.listBots, {});
      return { reply: { bots: (list.bots as httpApi.api.Bot[]).map(toBot) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/bots',
    id: 'createBot',
    tag,
    summary: 'Add a bot: a user that logs in with a token',
    description:
      'Its other fields can be changed like those of any user. There is no Idempotency-Key, because the token would have to be stored to repeat the response: if the response is lost, give the bot another token.',
    permission,
    body: newBot,
    status: 201,
    reply: z.object({ user_id: id, token }).meta({ id: 'CreatedBot' }),
    async handle(context, { body, actor }) {
      const secret = newToken();
      const wanted = { name: body.name, nickName: body.nick_name, tokenHash: secret.hash, actor };
      const userId = savedId(await ask(context, bots.createBot, wanted), 'bot', 'name-taken');
      return { reply: { user_id: userId, token: secret.token }, location: `/v1/users/${userId}` };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/bots/{user_id}/token',
    id: 'renewBotToken',
    tag,
    summary: 'Give a bot another token',
    description: 'The previous token stops working, and the bot is logged out everywhere.',
    permission,
    params,
    status: 200,
    reply: z.object({ token }).meta({ id: 'BotToken' }),
    async handle(context, { params: { user_id: userId }, actor }) {
      const secret = newToken();
      savedId(await ask(context, bots.setBotToken, { userId, tokenHash: secret.hash, actor }), 'bot');
      await endLogins(context, userId);
      return { reply: { token: secret.token } };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/bots/{user_id}/token',
    id: 'revokeBotToken',
    tag,
    summary: 'Revoke a bot’s token',
    description:
      'The bot is logged out everywhere, and cannot log in until it gets another token. Its hooks stay.',
    permission,
    params,
    status: 204,
    async handle(context, { params: { user_id: userId }, actor }) {
      savedId(await ask(context, bots.setBotToken, { userId, actor }), 'bot');
      await endLogins(context, userId);
      return { reply: undefined };
    },
  }),
];

function toBot({ userId, name, nickName, disabled, tokenSetAt }: httpApi.api.Bot): z.output<typeof bot> {
  return {
    user_id: userId,
    name,
    nick_name: nickName,
    disabled,
    token_set_at: tokenSetAt > 0 ? momentOf(tokenSetAt) : null,
  };
}
