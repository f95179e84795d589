/**
 * A token bucket whose state is one number, so that a connection needs no object for it: the time (milliseconds of a
 * monotonic clock) at which the bucket is full again. The state of a new, full bucket is 0.
 */
export class RateLimit {
  readonly #interval: number;
  readonly #capacity: number;

  /**
   * @param perSecond tokens added per second; 0: no limit
   * @param burst tokens a full bucket holds, at least 1
   */
  constructor(perSecond: number, burst: number) {
    this.#interval = perSecond > 0 ? 1000 / perSecond : 0;
    this.#capacity = this.#interval * burst;
  }

  get unlimited(): boolean {
    return this.#interval === 0;
  }

  /** Milliseconds from `now` until a token is available; 0: one is available now. */
  waitFor(fullAt: number, now: number): number {
    return Math.max(0, fullAt - now + this.#interval - this.#capacity);
  }

  /**
   * The bucket's state after taking tokens at `now`. One of them has to be available; the others may overdraw it, and are
   * waited for before the next one.
   */
  take(fullAt: number, now: number, tokens = 1): number {
    return Math.max(fullAt, now) + this.#interval * tokens;
  }

  /** The state closest to `fullAt` from which the next token is available within `ms` milliseconds. */
  limitWait(fullAt: number, now: number, ms: number): number {
    return Math.min(fullAt, now + this.#capacity + ms - this.#interval);
  }
}
