import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

/**
 * Notifies everybody of what a user has changed about themselves, at that user's cost.
 * @param what has changed; a waiting notification of the same is replaced
 */
export function tellEverybody(
  { notifications, requestPace, users }: Context,
  { userId }: Connection,
  what: string,
  pdu: Buffer,
): void {
  notifications.notify(`${what} ${userId}`, pdu);
  requestPace.charge(userId, users.connectionCount * costs.connectionTold, performance.now());
}
