import type { httpApi } from '@teamtalk/rpc';
import type { Context } from '../context.js';

const maxClaimed = 100;

/** Events that are due, for whoever posts them. */
export function claimWebhookEvents({
  webhookEvents,
}: Context): (
  request: httpApi.api.ClaimWebhookEventsRequest,
) => Promise<httpApi.api.ClaimedWebhookEvents.$Properties> {
  return async ({ limit }) => ({
    events: (await webhookEvents.claim(Math.min(limit, maxClaimed))).map((row) => ({
      eventId: row.id,
      url: row.url,
      secret: row.secret,
      event: row.event,
      data: JSON.stringify(row.data),
      createdAt: row.created_at,
      attempts: row.attempts,
    })),
  });
}
