import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

/**
 * Notifies all connections of a change of a user's profile, and charges that user for it.
 * @param what kind of change; replaces a waiting notification of the same kind
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
