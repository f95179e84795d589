import { sourceNetwork } from '@teamtalk/service-kit';

interface Connected {
  readonly userId: number;
  /** IP address; empty when the client was gone before it was known */
  readonly remoteAddress: string;
  /** kept here, because a closed socket has no address */
  network: string;
}

/** The logged-in connections of this server by their client's network: an IPv4 address, or the /64 of an IPv6 address. */
export class UsersByNetwork {
  // Most networks have one connection, for which a Set would take several times the memory.
  readonly #networks = new Map<string, Connected | Set<Connected>>();

  add(connection: Connected): void {
    const network = sourceNetwork(connection.remoteAddress);
    connection.network = network;
    if (network === '') return;
    const there = this.#networks.get(network);
    if (!there) this.#networks.set(network, connection);
    else if (there instanceof Set) there.add(connection);
    else this.#networks.set(network, new Set([there, connection]));
  }

  remove(connection: Connected): void {
    const { network } = connection;
    const there = this.#networks.get(network);
    if (there instanceof Set) there.delete(connection);
    if (there === connection || (there instanceof Set && there.size === 0)) this.#networks.delete(network);
  }

  /** @returns ids of users, at most `max` */
  usersAt(network: string, max: number): number[] {
    const there = this.#networks.get(network);
    if (!there) return [];
    if (!(there instanceof Set)) return [there.userId];
    const users = new Set<number>();
    for (const { userId } of there) {
      users.add(userId);
      if (users.size >= max) break;
    }
    return [...users];
  }
}
