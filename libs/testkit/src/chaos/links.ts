import { FaultyProxy, type Heading, type ProxyTarget, type ServiceName } from '../infrastructure/index.js';

/** What a service connects to. */
export type Server = 'postgres' | 'nats' | 'grpc';

/** Something that is seen of a connection. */
export type LinkEvent =
  /** a connection is made */
  | 'connects'
  /** a statement that stores messages goes to PostgreSQL */
  | 'appends'
  /** PostgreSQL answers the first such statement */
  | 'appended';

const appendStatement = 'append_messages';

/** The way from one process to a server; of gRPC, that from all its callers to one db_proxy_server. */
export class Link {
  readonly server: Server;
  readonly service: ServiceName;
  readonly k: number;
  readonly proxy: FaultyProxy;
  readonly #waiting = new Set<{ event: LinkEvent; seen: () => void }>();
  #appending = false;

  static async start(
    server: Server,
    service: ServiceName,
    k: number,
    targets: () => readonly ProxyTarget[],
  ): Promise<Link> {
    return new Link(server, service, k, await FaultyProxy.start(targets));
  }

  private constructor(server: Server, service: ServiceName, k: number, proxy: FaultyProxy) {
    this.server = server;
    this.service = service;
    this.k = k;
    this.proxy = proxy;
    proxy.onConnect = () => this.#happened('connects');
  }

  /**
   * Calls `seen` once, in the moment in which it happens next: what is under way then has not got through yet.
   * @returns gives up waiting
   */
  once(event: LinkEvent, seen: () => void): () => void {
    const entry = { event, seen };
    this.#waiting.add(entry);
    if (event !== 'connects') this.proxy.onBytes ??= this.#look;
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
    this.proxy.onBytes = undefined;
    this.#appending = false;
  }
}

/** Every way between the processes of a testbed. */
export class Links {
  readonly #links: Link[] = [];

  async add(
    server: Server,
    service: ServiceName,
    k: number,
    targets: () => readonly ProxyTarget[],
  ): Promise<Link> {
    const link = await Link.start(server, service, k, targets);
    this.#links.push(link);
    return link;
  }

  /** @throws Error when there is none */
  get(server: Server, service: ServiceName, k: number): Link {
    const link = this.#links.find(
      (each) => each.server === server && each.service === service && each.k === k,
    );
    if (!link) throw new Error(`there is no way from ${service} ${k} to ${server}`);
    return link;
  }

  /** All ways to a server. */
  to(server: Server): FaultyProxy[] {
    return this.#links.filter((link) => link.server === server).map(({ proxy }) => proxy);
  }

  restore(): void {
    for (const { proxy } of this.#links) proxy.restore();
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map(({ proxy }) => proxy.close()));
  }
}
