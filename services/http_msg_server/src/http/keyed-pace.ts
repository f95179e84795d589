/** A rate limit. */
export interface Pace {
  perSecond: number;
  /** events allowed at once, at least 1 */
  burst: number;
}

/** Number of tracked keys from which those whose budget is full again are pruned. */
const leastPruned = 1_024;

/** Limits the rate of events by key. Keys whose budget is full take no memory. */
export class KeyedPace {
  /** When each key's budget is full again, milliseconds of a monotonic clock; absent: it is full. */
  readonly #fullAt = new Map<string, number>();
  #pruneAt = leastPruned;

  /** Number of tracked keys. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Milliseconds until the next event is allowed; 0: now. */
  waitMs(key: string, { perSecond, burst }: Pace, now = performance.now()): number {
    const fullAt = this.#fullAt.get(key) ?? 0;
    return Math.max(0, fullAt + (1_000 / perSecond) * (1 - burst) - now);
  }

  /** Counts an event. */
  take(key: string, { perSecond }: Pace, now = performance.now()): void {
    this.#fullAt.set(key, Math.max(this.#fullAt.get(key) ?? 0, now) + 1_000 / perSecond);
    if (this.#fullAt.size > this.#pruneAt) this.#prune(now);
  }

  /** Undoes the count of an event. */
  giveBack(key: string, { perSecond }: Pace): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - 1_000 / perSecond);
  }

  #prune(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    this.#pruneAt = Math.max(leastPruned, 2 * this.#fullAt.size);
  }
}
