import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Limits the load of an import by pausing between its steps, so that it works for at most a share of the time. All time
 * between two calls of `rest` counts as work, on either side. While the load is limited, steps run one at a time.
 */
export class Pace {
  readonly #factor: number;
  #isLifted = false;
  readonly #lift = new AbortController();
  /** beginning of the work not yet paused for */
  #since = performance.now();
  #pause: Promise<void> | undefined;

  /** @param percent share of the time, from 1 to 100; 100: no pauses */
  constructor(percent: number) {
    this.#factor = 100 / percent - 1;
  }

  get isLimited(): boolean {
    return this.#factor > 0 && !this.#isLifted;
  }

  /** Pauses in proportion to the work since the last pause. Call it before every step. */
  async rest(): Promise<void> {
    if (!this.isLimited) return;
    this.#pause ??= this.#rest().finally(() => {
      this.#pause = undefined;
    });
    await this.#pause;
  }

  /** Waits without counting the time as work. */
  async idle(ms: number, signal?: AbortSignal): Promise<void> {
    const begin = performance.now();
    await sleep(ms, undefined, signal && { signal }).catch(() => {});
    this.#since += performance.now() - begin;
  }

  /** Removes the limit and ends a pause in progress. */
  lift(): void {
    this.#isLifted = true;
    this.#lift.abort();
  }

  async #rest(): Promise<void> {
    const pauseMs = (performance.now() - this.#since) * this.#factor;
    // A shorter pause is made up for in the next one, and so is what a timer, which counts whole milliseconds, leaves out.
    if (pauseMs >= 1) {
      const begin = performance.now();
      await sleep(pauseMs, undefined, { signal: this.#lift.signal }).catch(() => {});
      const end = performance.now();
      this.#since = end - Math.max(0, pauseMs - (end - begin)) / this.#factor;
    }
  }
}
