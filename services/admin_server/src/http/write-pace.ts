import { TokenBucket } from '@teamtalk/administration';

/** Sessions remembered; the one that is forgotten may have a second's worth of changes at once again. */
const maxSessions = 10_000;

/** Limits the changes per second of each session. */
export class WritePace {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** @returns whether the change may be made */
  take(session: Buffer): boolean {
    const key = session.toString('base64');
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#perSecond);
    // Put at the end: the first one is the one not used for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxSessions) this.#buckets.delete(this.#buckets.keys().next().value as string);
    return bucket.take();
  }
}
