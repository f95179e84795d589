import type { Context } from '../../context.js';

/**
 * Follows the store epoch in batches. A new epoch means that the database may have lost messages, whose ids are given
 * to new ones. So all clients are disconnected, which drops their cursors, and synchronise when they reconnect.
 * @returns whether a batch of this epoch may be delivered. A batch of an older epoch may not: db_proxy_server reads
 * from the outbox what of it is still stored.
 */
export function followStoreEpoch({ users, kit }: Pick<Context, 'users' | 'kit'>) {
  let current = 0;
  return (epoch: number): boolean => {
    // 0: from an older version, which sends no epoch.
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
