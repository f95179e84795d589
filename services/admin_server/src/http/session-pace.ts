import { TokenBucket } from '@teamtalk/administration';

/** Lookups of unknown sessions per second from one network, and their burst. */
const unknownPerSecond = 20;
/** Most sessions, and most networks, remembered; the least recently used one is forgotten. */
const maxRemembered = 10_000;

/**
 * Limits the lookups of unknown sessions per source network, since each made-up cookie costs the store a query. Sessions that
 * were found before are not held off because of others in their network.
 */
export class SessionPace {
  readonly #known = new Map<string, true>();
  readonly #unknown = new Map<string, TokenBucket>();

  /**
   * Looks up a session.
   * @param session SHA-256 of its token
   * @param network the request's source network
   * @param ask queries the store
   * @returns undefined: the store does not know the session; `held-off`: the store was not asked
   */
  async ask<T>(
    session: Buffer,
    network: string,
    ask: () => Promise<T | undefined>,
  ): Promise<T | undefined | 'held-off'> {
    const key = session.toString('base64');
    const bucket = this.#known.has(key) ? undefined : this.#bucketOf(network);
    // Counts as unknown until it is found, so that concurrent lookups are limited too.
    if (bucket && !bucket.take()) return 'held-off';
    const found = await ask();
    if (found === undefined) {
      this.#known.delete(key);
    } else {
      bucket?.giveBack();
      remember(this.#known, key, true);
    }
    return found;
  }

  /** Remembers a session that was opened here, so that its first request is not held off. */
  opened(session: Buffer): void {
    remember(this.#known, session.toString('base64'), true);
  }

  #bucketOf(network: string): TokenBucket {
    const bucket = this.#unknown.get(network) ?? new TokenBucket(unknownPerSecond);
    remember(this.#unknown, network, bucket);
    return bucket;
  }
}

/** Moves the entry to the end, so that the first one is the least recently used. */
function remember<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key);
  all.set(key, value);
  if (all.size > maxRemembered) all.delete(all.keys().next().value as string);
}
