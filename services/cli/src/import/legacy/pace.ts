import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Keeps an import from being a burden: it pauses between its steps, so that it is at work for at most a share of the time. What is
 * done between two calls of `rest` counts, on whichever side. Where it is limited, one thing is done at a time.
 */
export class Pace {
  readonly #factor: number;
  #isLifted = false;
  readonly #lift = new AbortController();
  /** up to here everything has been paused for */
  #since = performance.now();
  #pause: Promise<void> | undefined;

  /** @param percent from 1 to 100, which is no pause */
  constructor(percent: number) {
    this.#factor = 100 / percent - 1;
  }

  get isLimited(): boolean {
    return this.#factor > 0 && !this.#isLifted;
  }

  /** Before every step, large or small: pauses for what was done since the last one. */
  async rest(): Promise<void> {
    if (!this.isLimited) return;
    this.#pause ??= this.#rest();
    await this.#pause;
  }

  /** Waits for something other than its own work. */
  async idle(ms: number, signal?: AbortSignal): Promise<void> {
    const begin = performance.now();
    await sleep(ms, undefined, signal && { signal }).catch(() => {});
    this.#since += performance.now() - begin;
  }

  /** From now on there is no pause; one that has begun ends. */
  lift(): void {
    this.#isLifted = true;
    this.#lift.abort();
  }

  async #rest(): Promise<void> {
    const pauseMs = (performance.now() - this.#since) * this.#factor;
    // A shorter one comes with the next.
    if (pauseMs >= 1) {
      await sleep(pauseMs, undefined, { signal: this.#lift.signal }).catch(() => {});
      this.#since = performance.now();
    }
    this.#pause = undefined;
  }
}
