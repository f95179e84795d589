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

/** What has been counted of a build and is not recorded yet. */
export interface Growth extends Client {
  logins: number;
  /** unix seconds */
  lastSeen: number;
  readonly faults: Map<string, number>;
}

export interface BuildCounts extends Growth {
  users: number;
  connections: number;
}

export interface ClassCounts {
  clientClass: ClientClass;
  users: number;
  connections: number;
}

interface Online {
  connections: number;
  readonly users: Set<number>;
}

/** Clients choose their version, so there may be any number. Further ones are counted together. */
const maxBuilds = 256;

/** Stands for connections before their login, and for builds beyond the maximum. */
const others: Client = { clientType: 0, clientVersion: '', isBot: false };

/** Counts logins and protocol faults by client type and version. */
export class ClientBuilds {
  readonly #max: number;
  #growth = new Map<string, Growth>();

  constructor(max = maxBuilds) {
    this.#max = max;
  }

  loggedIn(client: Client): void {
    this.#growthOf(client).logins++;
  }

  /** @param client has no client type before its login */
  fault(client: Client, fault: string): void {
    add(this.#growthOf(client).faults, fault, 1);
  }

  /** Returns what has been counted since the last call. */
  take(): Growth[] {
    const growth = [...this.#growth.values()];
    this.#growth = new Map();
    return growth;
  }

  /** Counts again what was taken and could not be recorded. */
  giveBack(growth: readonly Growth[]): void {
    for (const { logins, lastSeen, faults, ...client } of growth) {
      const counts = this.#growthOf(client, lastSeen);
      counts.logins += logins;
      for (const [fault, count] of faults) add(counts.faults, fault, count);
    }
  }

  /** The builds that are connected or not recorded yet. @param connections all that are logged in */
  list(connections: Iterable<Connected>): { builds: BuildCounts[]; classes: ClassCounts[] } {
    const builds = new Map<string, { client: Client; online: Online }>();
    const classes = new Map<ClientClass, Online>();
    const buildOf = (connection: Client) => {
      const key = keyOf(connection);
      const known = builds.get(key);
      if (known) return known;
      const [client, itsKey] = builds.size < this.#max ? [connection, key] : [others, keyOf(others)];
      const build = builds.get(itsKey) ?? { client, online: nobody() };
      builds.set(itsKey, build);
      return build;
    };
    for (const connection of connections) {
      count(buildOf(connection).online, connection.userId);
      const online = classes.get(connection.clientClass) ?? nobody();
      classes.set(connection.clientClass, online);
      count(online, connection.userId);
    }
    for (const [key, client] of this.#growth) {
      if (!builds.has(key)) builds.set(key, { client, online: nobody() });
    }
    return {
      builds: [...builds].map(([key, { client, online }]) => ({
        ...(this.#growth.get(key) ?? nothing(client, 0)),
        ...countsOf(online),
      })),
      classes: [...classes].map(([clientClass, online]) => ({ clientClass, ...countsOf(online) })),
    };
  }

  #growthOf(client: Client, lastSeen = Math.floor(Date.now() / 1000)): Growth {
    const isKnown =
      client.clientType !== 0 && (this.#growth.has(keyOf(client)) || this.#growth.size < this.#max);
    const counted = isKnown ? client : others;
    const growth = this.#growth.get(keyOf(counted)) ?? nothing(counted, lastSeen);
    growth.lastSeen = Math.max(growth.lastSeen, lastSeen);
    this.#growth.set(keyOf(counted), growth);
    return growth;
  }
}

function nothing({ clientType, clientVersion, isBot }: Client, lastSeen: number): Growth {
  return { clientType, clientVersion, isBot, logins: 0, lastSeen, faults: new Map() };
}

function nobody(): Online {
  return { connections: 0, users: new Set() };
}

function count(online: Online, userId: number): void {
  online.connections++;
  online.users.add(userId);
}

function countsOf({ connections, users }: Online): { users: number; connections: number } {
  return { users: users.size, connections };
}

function add(faults: Map<string, number>, fault: string, times: number): void {
  faults.set(fault, (faults.get(fault) ?? 0) + times);
}

function keyOf({ clientType, clientVersion, isBot }: Client): string {
  return `${clientType} ${isBot} ${clientVersion}`;
}
