import type { Context } from '../../context.js';

/**
 * Evicted by a route_server or db_proxy_server: this server was taken for dead, or is cut off from NATS, and may have missed
 * messages for its clients. They are disconnected and fetch what they missed when they reconnect.
 */
export function evicted({ users, kit }: Context) {
  return (): void => {
    kit.log.warn({ connections: users.connectionCount }, 'instance evicted; disconnecting clients');
    for (const connection of [...users.connections()]) connection.end('lost-contact');
  };
}
