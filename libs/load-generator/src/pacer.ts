export interface PaceOptions {
  /** a second, over all senders */
  rate: number;
  /** how many in all */
  total: number;
  /** Sends number `k`, which is due at `dueAt` ms of the monotonic clock. */
  send: (k: number, dueAt: number) => void;
}

/**
 * An open loop: number k is due at start + k / rate whatever became of those before it. When the pacer comes
 * late it sends all that is due at once; their latencies still count from when they were due.
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

  /** Sends what is due. To be called whenever the process is awake anyway: the timer alone is a little late. */
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
