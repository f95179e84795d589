import { ask, askOnce, endLogins, momentOf, Problem, Refusal, savedId } from '@teamtalk/administration';
import { type httpApi, bots as store } from '@teamtalk/rpc';
import { newToken } from '@teamtalk/service-kit';
import type { ApiRequest } from '../api/index.js';
import type { Call, Handlers } from './handler.js';

export const bots: Handlers<
  'listBots' | 'createBot' | 'renewBotToken' | 'revokeBotToken' | 'listHooks' | 'createHook' | 'deleteHook'
> = {
  async listBots(call) {
    const reply = await ask(call, store.listBots, {});
    return {
      bots: (reply.bots as httpApi.api.Bot[]).map((bot) => ({
        user_id: bot.userId,
        name: bot.name,
        nick_name: bot.nickName,
        disabled: bot.disabled,
        token_set_at: bot.tokenSetAt > 0 ? momentOf(bot.tokenSetAt) : null,
      })),
    };
  },

  async createBot(call, { body: { name, nick_name: nickName } }) {
    const { token, hash: tokenHash } = newToken();
    const reply = await askOnce(call, store.createBot, { name, nickName, tokenHash });
    return { user_id: savedId(reply, 'bot', 'name-taken'), token };
  },

  async renewBotToken(call, { params: { user_id: userId } }) {
    const { token, hash: tokenHash } = newToken();
    savedId(await ask(call, store.setBotToken, { userId, tokenHash }), 'bot');
    await endLogins(call, userId);
    return { token };
  },

  async revokeBotToken(call, { params: { user_id: userId } }) {
    savedId(await ask(call, store.setBotToken, { userId }), 'bot');
    await endLogins(call, userId);
    return undefined;
  },

  async listHooks(call) {
    const reply = await ask(call, store.listHooks, {});
    return {
      hooks: (reply.hooks as httpApi.api.Hook[]).map((hook) => ({
        hook_id: hook.hookId,
        name: hook.name,
        bot_id: hook.botId,
        any_receiver: hook.anyReceiver,
        rate: hook.rate,
        user_id: hook.receiver?.userId || null,
        group_id: hook.receiver?.groupId || null,
        created_at: momentOf(hook.createdAt),
      })),
    };
  },

  async createHook(call, { body }) {
    const { token, hash } = newToken();
    return { hook_id: await addHook(call, body, hash), path: `/hooks/${token}` };
  },

  async deleteHook(call, { params: { hook_id: id } }) {
    savedId(await ask(call, store.deleteHook, { id }), 'hook');
    return undefined;
  },
};

async function addHook(
  call: Call,
  body: ApiRequest<'createHook'>['body'],
  tokenHash: Buffer,
): Promise<number> {
  const { name, bot_id: botId, any_receiver: anyReceiver, rate, user_id, group_id } = body;
  const receiver = user_id === undefined ? `group:${group_id}` : `user:${user_id}`;
  const wanted = { name, botId, receiver, anyReceiver, rate, tokenHash };
  try {
    return savedId(await ask(call, store.createHook, wanted), 'bot', 'name-taken');
  } catch (error) {
    // The schema has checked everything else that could be invalid.
    if (error instanceof Problem && error.kind === 'invalid-request') throw new Refusal('hook-receiver');
    throw error;
  }
}
