import type { httpApi } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** Records the outcomes of claimed events. */
export function finishWebhookEvents({
  webhookEvents,
}: Context): (
  request: httpApi.api.FinishWebhookEventsRequest,
) => Promise<httpApi.api.FinishWebhookEventsReply.$Properties> {
  return async ({ outcomes }) => {
    await webhookEvents.finish(
      (outcomes as httpApi.api.WebhookOutcome[]).map(({ eventId, error }) => ({ id: eventId, error })),
    );
    return {};
  };
}
