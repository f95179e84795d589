const firstMs = 250;
const longestMs = 5_000;
/** After so long a life a death is an accident, not one of a row. */
const healthyMs = 30_000;

/** How long to wait before something that died is started again: longer each time it dies young. */
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

  /** To be called at each death. @returns milliseconds to wait */
  died(): number {
    if (this.#now() - this.#startedAt >= healthyMs) this.#next = firstMs;
    const delay = this.#next;
    this.#next = Math.min(this.#next * 2, longestMs);
    return delay;
  }
}
