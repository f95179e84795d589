import { TokenBucket } from '@teamtalk/administration';

/** Sessions that the store did not know, per second and at once, of one network. */
const unknownPerSecond = 20;
/** Sessions, and networks, that are remembered; what was not used for longest is forgotten. */
const maxRemembered = 10_000;

/**
 * Limits how often the store is asked for sessions that it does not know, by network: whoever makes up cookies costs it a question
 * each. Sessions that it has known here are not held up by others of their network.
 */
export class SessionPace {
  readonly #known = new Map<string, true>();
  readonly #unknown = new Map<string, TokenBucket>();

  /**
   * Asks for a session.
   * @param session SHA-256 of its token
   * @param network whose request it is
   * @param ask the question
   * @returns undefined: the store does not know it; `held-off`: it was not asked
   */
  async ask<T>(
    session: Buffer,
    network: string,
    ask: () => Promise<T | undefined>,
  ): Promise<T | undefined | 'held-off'> {
    const key = session.toString('base64');
    const bucket = this.#known.has(key) ? undefined : this.#bucketOf(network);
    // It counts as unknown until it is found: many come at once.
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

/** Put at the end: the first one is the one not used for longest. */
function remember<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key);
  all.set(key, value);
  if (all.size > maxRemembered) all.delete(all.keys().next().value as string);
}
