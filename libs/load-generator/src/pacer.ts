export interface PaceOptions {
  /** a second, over all senders */
  rate: number;
  /** how many in all */
  total: number;
  /** Sends number `k`, which is due at `dueAt` ms of the monotonic clock. */
  send: (k: number, dueAt: number) => void;
}

/**
 * An open loop: number k is due at start + k / rate, regardless of earlier ones. A late pacer sends everything due at
 * once; latencies still count from the due times.
 */
export class Pacer {
  readonly #options: PaceOptions;
  readonly #interval: number;
  #start = 0;
  #next = 0;
  #done: (() => void) | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#interval = 1000 / options.rate;
  }

  /** ms of the monotonic clock */
  get start(): number {
    return this.#start;
  }

  get sent(): number {
    return this.#next;
  }

  dueAt(k: number): number {
    return this.#start + k * this.#interval;
  }

  /** Resolves when the last one is sent. */
  run(): Promise<void> {
    this.#start = performance.now();
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#turn();
    });
  }

  /** Sends what is due. Called on every event too, because the timer alone is slightly late. */
  pump(now: number): void {
    if (!this.#done) return;
    const { send, total } = this.#options;
    const due = Math.min(total, Math.floor((now - this.#start) / this.#interval) + 1);
    while (this.#next < due) {
      const k = this.#next++;
      send(k, this.dueAt(k));
    }
    if (this.#next >= total) {
      const done = this.#done;
      this.#done = undefined;
      done();
    }
  }

  readonly #turn = (): void => {
    this.pump(performance.now());
    if (this.#done) setTimeout(this.#turn, 1);
  };
}
