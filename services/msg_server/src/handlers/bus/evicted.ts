import type { Context } from '../../context.js';

/**
 * Evicted from a route_server: this server was considered dead for a while and may have missed messages for its
 * clients. They are disconnected and fetch what they missed when they reconnect.
 */
export function evicted({ users, kit }: Context) {
  return (): void => {
    kit.log.warn({ connections: users.connectionCount }, 'instance evicted; disconnecting clients');
    for (const connection of [...users.connections()]) connection.end('lost-contact');
  };
}
