import type { Context } from '../../context.js';

/**
 * LostContact from a route_server: for a while this server was evicted, and messages for its clients
 * were not brought here. They are told to go; coming back, they ask for what they missed.
 */
export function evicted({ users, kit }: Context) {
  return (): void => {
    kit.log.warn({ connections: users.connectionCount }, 'instance evicted; disconnecting clients');
    for (const connection of [...users.connections()]) connection.end('lost-contact');
  };
}
