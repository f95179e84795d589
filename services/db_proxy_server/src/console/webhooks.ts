import { consoleApi, type consoleWebhooks, mayInConsole } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import type { Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import {
  changeWebhook,
  renewWebhookSecret,
  setWebhookDisabled,
  testWebhook,
} from '../webhooks/change-webhook.js';
import {
  deadLetterPage,
  dropDeadLetters,
  newestEvents,
  type QueuedEvent,
  retryDeadLetters,
} from '../webhooks/dead-letters.js';
import {
  createWebhook,
  type IssuedSecret,
  removeWebhook,
  type WebhookRefusal,
} from '../webhooks/webhooks.js';
import type { ConsoleHandlers } from './work.js';

const {
  WEBHOOK_DONE,
  WEBHOOK_NAME_TAKEN,
  WEBHOOK_NOT_FOUND,
  WEBHOOK_TOO_MANY,
  WEBHOOK_UNKNOWN_USER,
  WEBHOOK_WRONG_STATE,
} = consoleApi.console.WebhookResult;

const results = {
  done: WEBHOOK_DONE,
  'not-found': WEBHOOK_NOT_FOUND,
  'name-taken': WEBHOOK_NAME_TAKEN,
  'unknown-user': WEBHOOK_UNKNOWN_USER,
  'too-many': WEBHOOK_TOO_MANY,
  'wrong-state': WEBHOOK_WRONG_STATE,
} as const;

/** A bot, or the user whom the command has given the webhook already. */
const postable: Statement = {
  name: 'console_webhook_postable',
  text: `
    SELECT user_id FROM bot WHERE user_id = $1
    UNION ALL SELECT bot_id FROM webhook WHERE id = $2 AND bot_id = $1`,
};

/** The gRPC service ConsoleWebhooks. */
export function webhookHandlers({
  database,
}: Pick<Context, 'database'>): ConsoleHandlers<typeof consoleWebhooks> {
  const { dataSource } = database;

  /** In the console, messages can only be a bot's: exporting those of people needs a second person's approval. */
  async function mayPost(userId: number, webhookId = 0): Promise<boolean> {
    if (userId === 0) return true;
    if (!isStorableId(userId) || (webhookId !== 0 && !isStorableId(webhookId))) return false;
    return (await database.query(postable, [userId, webhookId])).length > 0;
  }

  return {
    async createWebhook({ name, url, events, botId }, { actor }) {
      if (!(await mayPost(botId))) return { result: WEBHOOK_UNKNOWN_USER };
      const webhook = { name, url, events, botId: botId || undefined };
      return toSecret(await createWebhook(dataSource, webhook, actor));
    },

    async changeWebhook({ webhookId, url, events, botId }, { actor }) {
      if (!(await mayPost(botId, webhookId))) return { result: WEBHOOK_UNKNOWN_USER };
      const target = { url, events, botId: botId || undefined };
      return { result: results[await changeWebhook(dataSource, webhookId, target, actor)] };
    },

    async renewWebhookSecret({ webhookId }, { actor }) {
      return toSecret(await renewWebhookSecret(dataSource, webhookId, actor));
    },

    async setWebhookDisabled({ webhookId, disabled }, { actor }) {
      return { result: results[await setWebhookDisabled(dataSource, webhookId, disabled, actor)] };
    },

    async testWebhook({ webhookId }, { actor }) {
      return { result: results[await testWebhook(dataSource, webhookId, actor)] };
    },

    async deleteWebhook({ webhookId }, { actor }) {
      const deleted = await removeWebhook(dataSource, webhookId, actor);
      return { result: deleted ? WEBHOOK_DONE : WEBHOOK_NOT_FOUND };
    },

    async listWebhookEvents({ webhookId, limit }) {
      return { events: (await newestEvents(database, webhookId, limit)).map(toEvent) };
    },

    async listDeadLetters({ webhookId, after, limit }, { session }) {
      const letters = (await deadLetterPage(database, webhookId, after, limit)).map(toEvent);
      // It may be somebody's message.
      if (mayInConsole(session.role, 'apps:write')) return { events: letters };
      return { events: letters.map((letter) => ({ ...letter, data: '' })) };
    },

    async retryDeadLetters({ webhookId, eventIds }, { actor }) {
      return { events: await retryDeadLetters(dataSource, webhookId, actor, chosen(eventIds)) };
    },

    async dropDeadLetters({ webhookId, eventIds }, { actor }) {
      return { events: await dropDeadLetters(dataSource, webhookId, actor, chosen(eventIds)) };
    },
  };
}

/** None chosen means all. */
function chosen(ids: readonly number[]): readonly number[] | undefined {
  return ids.length > 0 ? ids : undefined;
}

function toEvent({ id, ...event }: QueuedEvent): consoleApi.console.QueuedEvent.$Properties {
  return { ...event, eventId: id };
}

function toSecret(
  outcome: IssuedSecret | { result: WebhookRefusal },
): consoleApi.console.WebhookSecret.$Properties {
  if (outcome.result !== 'done') return { result: results[outcome.result] };
  return { result: WEBHOOK_DONE, webhookId: outcome.id, secret: outcome.secret };
}
