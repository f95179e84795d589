/** Longest time a push waits here for its turn, milliseconds; with the provider's answer it is less than a claim. */
const maxWaitMs = 1_000;
/** What was not used of that time may be used at once. */
const burstMs = 100;

/** When a provider takes the next push, so that it gets so many a second at most. */
export class PushPace {
  readonly #gapMs: number;
  #next = Number.NEGATIVE_INFINITY;
  /** when the last one that was sent back comes again */
  #tail = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#gapMs = 1_000 / perSecond;
  }

  /**
   * @param now milliseconds
   * @returns the turn it gets, and how far away it is; or that this is too far, and when to ask again
   */
  take(now: number): { waitMs: number } | { afterMs: number } {
    const turn = Math.max(this.#next, now - burstMs);
    if (turn - now <= maxWaitMs) {
      this.#next = turn + this.#gapMs;
      return { waitMs: Math.max(0, turn - now) };
    }
    // One after the other, so that they do not come back together.
    this.#tail = Math.max(this.#tail, turn) + this.#gapMs;
    return { afterMs: this.#tail - now };
  }
}
