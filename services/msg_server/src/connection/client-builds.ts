import type { ClientClass } from '@teamtalk/protocol';

/** What a build is known by. */
export interface Client {
  readonly clientType: number;
  readonly clientVersion: string;
  readonly isBot: boolean;
}

interface Connected extends Client {
  readonly userId: number;
  readonly clientClass: ClientClass;
}

interface Counts {
  logins: number;
  /** unix seconds */
  lastSeen: number;
  readonly faults: Map<string, number>;
}

/** A build, its current connections, and what has been counted. */
export interface SeenBuild extends Client, Counts {
  users: number;
  connections: number;
  /** it stands for connections before their login, and for builds that are no longer counted one by one */
  isCollective: boolean;
}

export interface ClassCount {
  clientClass: ClientClass;
  users: number;
  connections: number;
}

/** Clients choose their version, so there may be any number. */
const maxBuilds = 256;

/** Counts logins and protocol faults by client type and version. */
export class ClientBuilds {
  readonly #max: number;
  /** by key, the longest unseen first */
  readonly #builds = new Map<string, Client & Counts>();
  readonly #others: Client & Counts = { clientType: 0, clientVersion: '', isBot: false, ...noCounts() };
  /** unix seconds */
  readonly since = now();

  constructor(max = maxBuilds) {
    this.#max = max;
  }

  loggedIn(client: Client): void {
    this.#seen(client).logins++;
  }

  /** @param client before its login it has no client type */
  fault(client: Client, fault: string): void {
    const { faults } = client.clientType === 0 ? this.#others : this.#seen(client);
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
  }

  /** @param connections all that are logged in */
  list(connections: Iterable<Connected>): { builds: SeenBuild[]; classes: ClassCount[] } {
    const builds = new Map<string, { connections: number; users: Set<number> }>();
    const classes = new Map<ClientClass, { connections: number; users: Set<number> }>();
    for (const connection of connections) {
      const key = keyOf(connection);
      // Logged in, so counted; unless others have displaced it since.
      count(builds, this.#builds.has(key) ? key : '', connection.userId);
      count(classes, connection.clientClass, connection.userId);
    }
    const shown = (counts: Client & Counts, key: string): SeenBuild => {
      const found = builds.get(key);
      return {
        ...counts,
        users: found?.users.size ?? 0,
        connections: found?.connections ?? 0,
        isCollective: key === '',
      };
    };
    const others = shown(this.#others, '');
    return {
      builds: [
        ...[...this.#builds].map(([key, counts]) => shown(counts, key)),
        ...(others.connections > 0 || others.logins > 0 || others.faults.size > 0 ? [others] : []),
      ],
      classes: [...classes].map(([clientClass, { users, connections: open }]) => ({
        clientClass,
        users: users.size,
        connections: open,
      })),
    };
  }

  #seen(client: Client): Counts {
    const key = keyOf(client);
    const { clientType, clientVersion, isBot } = client;
    const counts = this.#builds.get(key) ?? { clientType, clientVersion, isBot, ...noCounts() };
    counts.lastSeen = now();
    this.#builds.delete(key);
    this.#builds.set(key, counts);
    if (this.#builds.size > this.#max) this.#displaceFirst();
    return counts;
  }

  #displaceFirst(): void {
    for (const [key, { logins, faults, lastSeen }] of this.#builds) {
      this.#builds.delete(key);
      this.#others.logins += logins;
      this.#others.lastSeen = Math.max(this.#others.lastSeen, lastSeen);
      for (const [fault, n] of faults)
        this.#others.faults.set(fault, (this.#others.faults.get(fault) ?? 0) + n);
      return;
    }
  }
}

function count<Key>(
  counts: Map<Key, { connections: number; users: Set<number> }>,
  key: Key,
  userId: number,
): void {
  const found = counts.get(key) ?? { connections: 0, users: new Set() };
  found.connections++;
  found.users.add(userId);
  counts.set(key, found);
}

function keyOf({ clientType, clientVersion, isBot }: Client): string {
  return `${clientType} ${isBot} ${clientVersion}`;
}

function noCounts(): Counts {
  return { logins: 0, lastSeen: 0, faults: new Map() };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
