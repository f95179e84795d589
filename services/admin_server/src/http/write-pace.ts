import { TokenBucket } from '@teamtalk/administration';

/** Sessions remembered. A forgotten session may make a full burst of changes again. */
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
    // Moved to the end, so that the first one is the least recently used.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxSessions) this.#buckets.delete(this.#buckets.keys().next().value as string);
    return bucket.take();
  }
}
