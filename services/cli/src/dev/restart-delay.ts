const firstMs = 250;
const longestMs = 5_000;
/** A process that ran this long does not count as failing repeatedly. */
const healthyMs = 30_000;

/** The delay before a process is restarted: longer each time it ends early. */
export class RestartDelay {
  readonly #now: () => number;
  #next = firstMs;
  #startedAt = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** To be called at each start. */
  started(): void {
    this.#startedAt = this.#now();
  }

  /** To be called at each exit. @returns milliseconds to wait */
  died(): number {
    if (this.#now() - this.#startedAt >= healthyMs) this.#next = firstMs;
    const delay = this.#next;
    this.#next = Math.min(this.#next * 2, longestMs);
    return delay;
  }
}
