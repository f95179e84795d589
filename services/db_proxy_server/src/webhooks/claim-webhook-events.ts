import type { httpApi } from '@teamtalk/rpc';
import type { Context } from '../context.js';

const maxClaimed = 256;

/** Claims due events for posting. */
export function claimWebhookEvents({
  webhookEvents,
}: Context): (
  request: httpApi.api.ClaimWebhookEventsRequest,
) => Promise<httpApi.api.ClaimedWebhookEvents.$Properties> {
  return async ({ limit: wanted, perWebhook, busyWebhookIds }) => {
    const limit = Math.min(wanted, maxClaimed);
    const rows = await webhookEvents.claim(limit, perWebhook || limit, busyWebhookIds ?? []);
    const events = rows.map((row) => ({
      eventId: row.id,
      webhookId: row.webhook_id,
      url: row.url,
      secret: row.secret,
      event: row.event,
      data: JSON.stringify(row.data),
      createdAt: row.created_at,
      attempts: row.attempts,
    }));
    return { events };
  };
}
