/**
 * A token bucket whose whole state is one number, so that twenty thousand connections need no bucket
 * objects: the time (milliseconds of a monotonic clock) at which the bucket will be full again. A new
 * bucket is full: 0.
 */
export class RateLimit {
  readonly #interval: number;
  readonly #capacity: number;

  /**
   * @param perSecond tokens that come back a second; 0: no limit
   * @param burst tokens a full bucket holds, at least 1
   */
  constructor(perSecond: number, burst: number) {
    this.#interval = perSecond > 0 ? 1000 / perSecond : 0;
    this.#capacity = this.#interval * burst;
  }

  get unlimited(): boolean {
    return this.#interval === 0;
  }

  /** Milliseconds from `now` until a token is there; 0: one is there now. */
  waitFor(fullAt: number, now: number): number {
    return Math.max(0, fullAt - now + this.#interval - this.#capacity);
  }

  /** The bucket's state after a token was taken at `now`, which has to be there. */
  take(fullAt: number, now: number): number {
    return Math.max(fullAt, now) + this.#interval;
  }
}
