import {
  FaultProxy,
  type Heading,
  type NetworkConditions,
  type ProxyTarget,
  type ServiceName,
} from '@teamtalk/local-stack';

/** What a service connects to. */
export type Server = 'postgres' | 'nats' | 'grpc';

/** What can be observed of a connection. */
export type LinkEvent =
  /** a connection is made */
  | 'connects'
  /** a statement that stores messages goes to PostgreSQL */
  | 'appends'
  /** PostgreSQL answers the first such statement */
  | 'appended';

const appendStatement = 'append_messages';

/**
 * The proxies between one process and a server, or all servers of a kind; for gRPC, between all callers and one
 * db_proxy_server.
 */
export class Link {
  readonly server: Server;
  readonly service: ServiceName;
  readonly k: number;
  readonly #proxies: readonly FaultProxy[];
  readonly #waiting = new Set<{ event: LinkEvent; seen: () => void }>();
  #appending = false;

  constructor(server: Server, service: ServiceName, k: number, proxies: readonly FaultProxy[]) {
    this.server = server;
    this.service = service;
    this.k = k;
    this.#proxies = proxies;
    for (const proxy of proxies) proxy.onConnect = () => this.#happened('connects');
  }

  /** by address of the server */
  get ports(): number[] {
    return this.#proxies.map(({ port }) => port);
  }

  cut(): void {
    for (const proxy of this.#proxies) proxy.cut();
  }

  block(...headings: Heading[]): void {
    for (const proxy of this.#proxies) proxy.block(...headings);
  }

  slow(conditions: NetworkConditions): void {
    for (const proxy of this.#proxies) proxy.slow(conditions);
  }

  restore(): void {
    for (const proxy of this.#proxies) proxy.restore();
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }

  /**
   * Calls `seen` once, when the event happens next and before its bytes are passed on.
   * @returns a function that cancels it
   */
  once(event: LinkEvent, seen: () => void): () => void {
    const entry = { event, seen };
    this.#waiting.add(entry);
    if (event !== 'connects') for (const proxy of this.#proxies) proxy.onBytes ??= this.#look;
    return () => this.#forget(entry);
  }

  readonly #look = (heading: Heading, bytes: Buffer): void => {
    if (heading === 'to-target') {
      if (!bytes.includes(appendStatement)) return;
      this.#appending = true;
      this.#happened('appends');
    } else if (this.#appending) {
      this.#appending = false;
      this.#happened('appended');
    }
  };

  #happened(event: LinkEvent): void {
    for (const entry of [...this.#waiting]) {
      if (entry.event !== event) continue;
      this.#forget(entry);
      entry.seen();
    }
  }

  #forget(entry: { event: LinkEvent; seen: () => void }): void {
    this.#waiting.delete(entry);
    if ([...this.#waiting].some(({ event }) => event !== 'connects')) return;
    for (const proxy of this.#proxies) proxy.onBytes = undefined;
    this.#appending = false;
  }
}

/** All links of a testbed. */
export class Links {
  readonly #links: Link[] = [];

  /** @param addresses where the server listens; each gets a proxy */
  async add(
    server: Server,
    service: ServiceName,
    k: number,
    addresses: readonly (() => readonly ProxyTarget[])[],
  ): Promise<void> {
    const proxies: FaultProxy[] = [];
    for (const address of addresses) proxies.push(await FaultProxy.start(address));
    this.#links.push(new Link(server, service, k, proxies));
  }

  /** @throws Error when there is none */
  get(server: Server, service: ServiceName, k: number): Link {
    const link = this.#links.find(
      (each) => each.server === server && each.service === service && each.k === k,
    );
    if (!link) throw new Error(`there is no link from ${service} ${k} to ${server}`);
    return link;
  }

  /** All links to a server. */
  to(server: Server): Link[] {
    return this.#links.filter((link) => link.server === server);
  }

  restore(): void {
    for (const link of this.#links) link.restore();
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
