/** Maximum wait of a push, milliseconds; together with the provider's deadline it is shorter than a claim. */
const maxWaitMs = 1_000;
/** Unused rate of up to this time may be used at once, milliseconds. */
const burstMs = 100;

/** Maximum pushes per second: to each provider, and to those that have their own. */
export interface PushRates {
  every: number;
  of: ReadonlyMap<string, number>;
}

/** Schedules pushes to a provider at a maximum rate. */
export class PushPace {
  readonly #gapMs: number;
  #next = Number.NEGATIVE_INFINITY;
  /** when the push that was sent back last will return */
  #tail = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#gapMs = 1_000 / perSecond;
  }

  /**
   * @param now milliseconds
   * @returns how long to wait for the turn, or, if that would be too long, when to ask again; both milliseconds
   */
  take(now: number): { waitMs: number } | { afterMs: number } {
    const turn = Math.max(this.#next, now - burstMs);
    if (turn - now <= maxWaitMs) {
      this.#next = turn + this.#gapMs;
      return { waitMs: Math.max(0, turn - now) };
    }
    // Spread out, so that they do not all return at once.
    this.#tail = Math.max(this.#tail, turn) + this.#gapMs;
    return { afterMs: this.#tail - now };
  }
}
