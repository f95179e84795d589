/** How often something may happen. */
export interface Pace {
  perSecond: number;
  /** at once, at least 1 */
  burst: number;
}

/** Keys remembered before those whose budget is full again are looked for. */
const leastPruned = 1_024;

/** Limits how often something happens, by key. Keys whose budget is full take no memory. */
export class KeyedPace {
  /** By key the time at which the budget is full again, milliseconds of a monotonic clock; absent: it is full. */
  readonly #fullAt = new Map<string, number>();
  #pruneAt = leastPruned;

  /** Keys that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Milliseconds until it may happen again; 0: it may now. */
  waitMs(key: string, { perSecond, burst }: Pace, now = performance.now()): number {
    const fullAt = this.#fullAt.get(key) ?? 0;
    return Math.max(0, fullAt + (1_000 / perSecond) * (1 - burst) - now);
  }

  /** Counts that it happens. */
  take(key: string, { perSecond }: Pace, now = performance.now()): void {
    this.#fullAt.set(key, Math.max(this.#fullAt.get(key) ?? 0, now) + 1_000 / perSecond);
    if (this.#fullAt.size > this.#pruneAt) this.#prune(now);
  }

  /** Takes back that it happened. */
  giveBack(key: string, { perSecond }: Pace): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - 1_000 / perSecond);
  }

  #prune(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    this.#pruneAt = Math.max(leastPruned, 2 * this.#fullAt.size);
  }
}
