import { type Bus, type Registry, topics } from '@teamtalk/bus';
import { type Logger, sourceNetwork } from '@teamtalk/service-kit';
import { LRUCache } from 'lru-cache';

/** Who may upload from an address. */
export type Uploaders =
  /** ids of users who are logged in from there */
  | readonly number[]
  /** nobody is logged in from there */
  | 'nobody'
  /** msg_servers could not be asked */
  | 'unknown'
  /** a msg_server of the version before is running, which does not say who is logged in from where */
  | 'any';

export interface UploadersOptions {
  bus: Pick<Bus, 'requestMany'>;
  msgServers: Pick<Registry, 'all'>;
  log: Logger;
}

/** Milliseconds all msg_servers have to answer. */
const askMs = 1_000;
/** How long answers are good, milliseconds: a client logs in, and uploads at once. */
const knownMs = 10_000;
const nobodyMs = 1_000;
/** Networks whose answer is remembered, and those asked about at a time. */
const maxRemembered = 10_000;
const maxAsking = 500;

/**
 * Tells who is logged in from the address of an upload, by asking all msg_servers: existing clients upload without any
 * credentials, but are logged in while they do (client-behaviour.md#uploads).
 */
export class UploaderLookup {
  readonly #options: UploadersOptions;
  readonly #known = new LRUCache<string, Uploaders>({ max: maxRemembered });
  readonly #asking = new Map<string, Promise<Uploaders>>();
  #saidAny = false;

  constructor(options: UploadersOptions) {
    this.#options = options;
  }

  /** @param address the client's IP address; of IPv6 everybody in its /64 counts */
  async at(address: string): Promise<Uploaders> {
    const network = sourceNetwork(address);
    if (network === '') return 'unknown';
    const known = this.#known.get(network);
    if (known) return known;
    const asked = this.#asking.get(network);
    if (asked) return asked;
    if (this.#asking.size >= maxAsking) return 'unknown';
    const asking = this.#ask(network).finally(() => this.#asking.delete(network));
    this.#asking.set(network, asking);
    return asking;
  }

  async #ask(network: string): Promise<Uploaders> {
    const { bus, msgServers } = this.#options;
    const alive = msgServers.all();
    if (alive.length === 0) return 'unknown';
    if (alive.some(({ addressUsers }) => !addressUsers)) return this.#any();
    const missing = new Set(alive.map(({ instance }) => instance));
    const users = new Set<number>();
    try {
      await bus.requestMany(topics.addressUsers, { network }, askMs, ({ instance, userIds }) => {
        missing.delete(instance);
        for (const id of userIds) users.add(id);
        return missing.size === 0;
      });
    } catch {
      // NATS is away, which readiness shows.
      return 'unknown';
    }
    if (users.size === 0 && missing.size > 0) return 'unknown';
    const found = users.size > 0 ? [...users] : 'nobody';
    this.#known.set(network, found, { ttl: found === 'nobody' ? nobodyMs : knownMs });
    return found;
  }

  #any(): Uploaders {
    if (!this.#saidAny) {
      this.#options.log.warn(
        'msg_server of the version before is running; uploads accepted from any address',
      );
    }
    this.#saidAny = true;
    return 'any';
  }
}
