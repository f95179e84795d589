import { ask, askOnce, momentOf, Problem, Refusal } from '@teamtalk/administration';
import { consoleApi, consoleWork, consoleWebhooks as store } from '@teamtalk/rpc';
import type { Call, Handlers } from './handler.js';

const { WEBHOOK_DONE, WEBHOOK_NAME_TAKEN, WEBHOOK_NOT_FOUND, WEBHOOK_TOO_MANY, WEBHOOK_UNKNOWN_USER } =
  consoleApi.console.WebhookResult;

/** Milliseconds the store has to retry or drop many dead letters. */
const lettersMs = 10_000;

type QueuedEvent = consoleApi.console.QueuedEvent;

export const webhooks: Handlers<
  | 'listWebhooks'
  | 'createWebhook'
  | 'changeWebhook'
  | 'renewWebhookSecret'
  | 'disableWebhook'
  | 'enableWebhook'
  | 'testWebhook'
  | 'deleteWebhook'
  | 'listWebhookEvents'
  | 'listDeadLetters'
  | 'retryDeadLetters'
  | 'dropDeadLetters'
> = {
  async listWebhooks(call) {
    const reply = await ask(call, consoleWork.listWebhooks, {});
    return {
      webhooks: (reply.webhooks as consoleApi.console.Webhook[]).map((webhook) => ({
        webhook_id: webhook.webhookId,
        name: webhook.name,
        origin: webhook.origin,
        events: webhook.events,
        bot_id: webhook.botId || null,
        disabled: webhook.disabled,
        waiting: webhook.waiting,
        failed: webhook.failed,
      })),
    };
  },

  async createWebhook(call, { body: { name, url, events, bot_id } }) {
    return secretOf(await askOnce(call, store.createWebhook, { name, url, events, botId: bot_id ?? 0 }));
  },

  async changeWebhook(call, { params: { webhook_id: webhookId }, body }) {
    const { url = '', events, bot_id } = body;
    requireDone(await ask(call, store.changeWebhook, { webhookId, url, events, botId: bot_id ?? 0 }));
    return undefined;
  },

  async renewWebhookSecret(call, { params: { webhook_id: webhookId } }) {
    return secretOf(await ask(call, store.renewWebhookSecret, { webhookId }));
  },

  disableWebhook: (call, { params: { webhook_id } }) => setDisabled(call, webhook_id, true),

  enableWebhook: (call, { params: { webhook_id } }) => setDisabled(call, webhook_id, false),

  async testWebhook(call, { params: { webhook_id: webhookId } }) {
    requireDone(await askOnce(call, store.testWebhook, { webhookId }));
    return undefined;
  },

  async deleteWebhook(call, { params: { webhook_id: webhookId } }) {
    requireDone(await ask(call, store.deleteWebhook, { webhookId }));
    return undefined;
  },

  async listWebhookEvents(call, { params: { webhook_id: webhookId }, query: { limit } }) {
    const { events } = await ask(call, store.listWebhookEvents, { webhookId, limit });
    return { events: (events as QueuedEvent[]).map(shownEvent) };
  },

  async listDeadLetters(call, { params: { webhook_id: webhookId }, query: { after = 0, limit } }) {
    const { events } = await ask(call, store.listDeadLetters, { webhookId, after, limit });
    const letters = (events as QueuedEvent[]).map((letter) => ({ ...shownEvent(letter), data: letter.data }));
    return { letters, next: letters.length < limit ? null : (letters.at(-1)?.event_id ?? null) };
  },

  async retryDeadLetters(call, { params: { webhook_id: webhookId }, body: { event_ids: eventIds = [] } }) {
    const { events } = await ask(call, store.retryDeadLetters, { webhookId, eventIds }, lettersMs);
    return { events };
  },

  async dropDeadLetters(call, { params: { webhook_id: webhookId }, body: { event_ids: eventIds = [] } }) {
    const { events } = await ask(call, store.dropDeadLetters, { webhookId, eventIds }, lettersMs);
    return { events };
  },
};

async function setDisabled(call: Call, webhookId: number, disabled: boolean): Promise<undefined> {
  requireDone(await ask(call, store.setWebhookDisabled, { webhookId, disabled }));
}

function shownEvent(event: QueuedEvent) {
  const timeOrNull = (at: number) => (at === 0 ? null : momentOf(at));
  return {
    event_id: event.eventId,
    event: event.event,
    attempts: event.attempts,
    created_at: momentOf(event.createdAt),
    next_at: timeOrNull(event.nextAt),
    delivered_at: timeOrNull(event.deliveredAt),
    failed_at: timeOrNull(event.failedAt),
    error: event.error || null,
  };
}

function secretOf(reply: consoleApi.console.WebhookSecret): { webhook_id: number; secret: string } {
  requireDone(reply);
  return { webhook_id: reply.webhookId, secret: reply.secret };
}

function requireDone({ result }: consoleApi.console.WebhookReply): void {
  if (result === WEBHOOK_DONE) return;
  if (result === WEBHOOK_NOT_FOUND) throw new Problem('not-found', 'there is no such webhook');
  if (result === WEBHOOK_NAME_TAKEN) throw new Refusal('name-taken');
  if (result === WEBHOOK_UNKNOWN_USER) throw new Refusal('not-a-bot');
  throw new Refusal(result === WEBHOOK_TOO_MANY ? 'too-many-webhooks' : 'webhook-disabled');
}
