import type { Connection } from '../connection/connection.js';
import type { ConversationCursor } from './conversation-cursor.js';
import type { DeliveredMessage } from './delivered-message.js';

/** A user with a connection on this server. */
export class LocalUser {
  readonly id: number;
  readonly connections: Connection[];
  /**
   * How far each conversation was delivered; only those that had a message since the user came, and groups they
   * were removed from. When there are many, those used last come last.
   */
  conversations: Map<number, ConversationCursor<DeliveredMessage>> | undefined;
  /** The highest `outboxId` of the messages of forgotten conversations; 0: none was forgotten. */
  forgottenUpTo = 0;

  constructor(first: Connection) {
    this.id = first.userId;
    // Of one element: an empty array that grows takes room for seventeen.
    this.connections = [first];
  }
}

/** Who is logged in on this server. */
export class LocalUsers {
  readonly #users = new Map<number, LocalUser>();
  /** Connections of PC clients: those that are told who comes and goes. */
  readonly pc = new Set<Connection>();
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

  /** A user's connections; none for somebody who is not here. Not to be changed by the caller. */
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
    if (!connection.isMobile) this.pc.add(connection);
  }

  /** @returns false when the connection was not there */
  remove(connection: Connection): boolean {
    const user = this.#users.get(connection.userId);
    const index = user?.connections.indexOf(connection) ?? -1;
    if (!user || index < 0) return false;
    user.connections.splice(index, 1);
    this.#connections--;
    this.pc.delete(connection);
    if (user.connections.length === 0) this.#users.delete(user.id);
    return true;
  }
}
