import type { Connection } from '../connection/connection.js';
import type { ConversationCursor } from './conversation-cursor.js';
import type { DeliveredMessage } from './delivered-message.js';
import { UsersByNetwork } from './users-by-network.js';

/** A user with a connection on this server. */
export class LocalUser {
  readonly id: number;
  readonly connections: Connection[];
  /**
   * Cursors of conversations with a message since the login and of groups the user was removed from. In the order of
   * their use once there are many.
   */
  conversations: Map<number, ConversationCursor<DeliveredMessage>> | undefined;
  /** The highest `outboxId` delivered through evicted cursors; 0: none was evicted. */
  forgottenUpTo = 0;

  constructor(first: Connection) {
    this.id = first.userId;
    // An array literal of one element takes less memory than an empty array that grows.
    this.connections = [first];
  }
}

/** The users logged in on this server, with their connections. */
export class LocalUsers {
  readonly #users = new Map<number, LocalUser>();
  /** Connections of PC clients, which get status notifications. */
  readonly pc = new Set<Connection>();
  readonly byNetwork = new UsersByNetwork();
  #connections = 0;

  /** Users with at least one connection. */
  get size(): number {
    return this.#users.size;
  }

  get connectionCount(): number {
    return this.#connections;
  }

  get(userId: number): LocalUser | undefined {
    return this.#users.get(userId);
  }

  /** A user's connections on this server, possibly none. The caller must not change the array. */
  connectionsOf(userId: number): readonly Connection[] {
    return this.#users.get(userId)?.connections ?? [];
  }

  all(): Iterable<LocalUser> {
    return this.#users.values();
  }

  *connections(): Iterable<Connection> {
    for (const user of this.#users.values()) yield* user.connections;
  }

  add(connection: Connection): void {
    const user = this.#users.get(connection.userId);
    if (user) user.connections.push(connection);
    else this.#users.set(connection.userId, new LocalUser(connection));
    this.#connections++;
    this.byNetwork.add(connection);
    if (!connection.isMobile) this.pc.add(connection);
  }

  /** @returns false when the connection was not there */
  remove(connection: Connection): boolean {
    const user = this.#users.get(connection.userId);
    const index = user?.connections.indexOf(connection) ?? -1;
    if (!user || index < 0) return false;
    user.connections.splice(index, 1);
    this.#connections--;
    this.byNetwork.remove(connection);
    this.pc.delete(connection);
    if (user.connections.length === 0) this.#users.delete(user.id);
    return true;
  }
}
