import type { Context } from '../../context.js';

/**
 * Follows the store epoch that batches name. In a new one msg_ids, acks and cursors of the clients here may be of
 * messages that are no longer stored, and new ones get their numbers: all clients are closed, which forgets these, and
 * synchronise when they come back.
 * @returns whether a batch of this epoch may be delivered. One of an older epoch may not: db_proxy_server reads from the
 * outbox anew what of it is still stored.
 */
export function followStoreEpoch({ users, kit }: Pick<Context, 'users' | 'kit'>) {
  let current = 0;
  return (epoch: number): boolean => {
    // 0: of a version that does not say.
    if (epoch === 0 || epoch === current) return true;
    if (epoch < current) return false;
    const first = current === 0;
    current = epoch;
    if (first) return true;
    kit.log.warn({ connections: users.connectionCount, epoch }, 'store epoch changed; disconnecting clients');
    for (const connection of [...users.connections()]) connection.end('store-changed');
    return true;
  };
}
