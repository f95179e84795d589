import type { Handlers, httpApi, webhooks as service } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** Most events claimed by one call. */
const maxClaimed = 256;

/** The gRPC service Webhooks. */
export function webhooksRpc({ webhookEvents }: Context): Handlers<typeof service> {
  return {
    /** Claims due events for posting. */
    async claimEvents({ limit: wanted, perWebhook, busyWebhookIds, onlyWebhookIds }) {
      const limit = Math.min(wanted, maxClaimed);
      const [busy, only] = [busyWebhookIds ?? [], onlyWebhookIds ?? []];
      const { events, noWebhooks } = await webhookEvents.claim(limit, perWebhook || limit, busy, only);
      return {
        noWebhooks,
        events: events.map((row) => ({
          eventId: row.id,
          webhookId: row.webhook_id,
          url: row.url,
          secret: row.secret,
          event: row.event,
          data: JSON.stringify(row.data),
          createdAt: row.created_at,
          attempts: row.attempts,
        })),
      };
    },

    /** Records the outcomes of claimed events. */
    async finishEvents({ outcomes }) {
      await webhookEvents.finish(
        (outcomes as httpApi.api.WebhookOutcome[]).map(({ eventId, error }) => ({ id: eventId, error })),
      );
      return {};
    },
  };
}
