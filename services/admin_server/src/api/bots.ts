import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const userParams = z.strictObject({ user_id: pathId });
const hookParams = z.strictObject({ hook_id: pathId });
const token = z.string().describe('Only in this response');
const tag = 'Bots';

const hookFields = {
  name: line(1, 64),
  bot_id: id.describe('The bot that sends the messages'),
  any_receiver: z.boolean().describe('Whether a post may name another receiver'),
  rate: z.number().positive().max(1_000).describe('Posts per second at each http_msg_server'),
};

export const botsApi = define({
  listBots: {
    method: 'get',
    path: '/admin/v1/bots',
    tag,
    summary: 'Users that are programs, which log in with a token',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        bots: z.array(
          z.object({
            user_id: id,
            name: z.string(),
            nick_name: z.string(),
            disabled: z.boolean(),
            token_set_at: moment.nullable().describe('null: it has no token and cannot log in'),
          }),
        ),
      })
      .meta({ id: 'Bots' }),
  },
  createBot: {
    method: 'post',
    path: '/admin/v1/bots',
    tag,
    summary: 'Add a bot',
    access: 'apps:write',
    body: z
      .strictObject({ name: line(1, 64).describe('Login name'), nick_name: line(0, 64) })
      .meta({ id: 'NewBot' }),
    status: 201,
    reply: z.object({ user_id: id, token }).meta({ id: 'CreatedBot' }),
  },
  renewBotToken: {
    method: 'post',
    path: '/admin/v1/bots/{user_id}/token',
    tag,
    summary: 'Give a bot a new token',
    description: 'The previous token stops working, and the bot is logged out everywhere.',
    access: 'apps:write',
    params: userParams,
    status: 201,
    reply: z.object({ token }).meta({ id: 'BotToken' }),
  },
  revokeBotToken: {
    method: 'delete',
    path: '/admin/v1/bots/{user_id}/token',
    tag,
    summary: 'Revoke a bot’s token',
    description: 'The bot is logged out everywhere and cannot log in. Its hooks stay.',
    access: 'apps:write',
    params: userParams,
    status: 204,
  },
  listHooks: {
    method: 'get',
    path: '/admin/v1/hooks',
    tag,
    summary: 'URLs that a bot forwards posts of to a user or a group',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        hooks: z.array(
          z.object({
            hook_id: id,
            ...hookFields,
            user_id: id.nullable().describe('The receiver; either user_id or group_id'),
            group_id: id.nullable(),
            created_at: moment,
          }),
        ),
      })
      .meta({ id: 'Hooks' }),
  },
  createHook: {
    method: 'post',
    path: '/admin/v1/hooks',
    tag,
    summary: 'Add a hook',
    access: 'apps:write',
    body: z
      .strictObject({ ...hookFields, user_id: id.optional(), group_id: id.optional() })
      .refine((body) => (body.user_id === undefined) !== (body.group_id === undefined), {
        message: 'either user_id or group_id is required',
        params: { code: 'either-or' },
        path: ['user_id'],
      })
      .meta({ id: 'NewHook' }),
    status: 201,
    reply: z
      .object({ hook_id: id, path: z.string().describe('Of its URL; only in this response') })
      .meta({ id: 'CreatedHook' }),
  },
  deleteHook: {
    method: 'delete',
    path: '/admin/v1/hooks/{hook_id}',
    tag,
    summary: 'Remove a hook, whose URL stops working',
    access: 'apps:write',
    params: hookParams,
    status: 204,
  },
});
