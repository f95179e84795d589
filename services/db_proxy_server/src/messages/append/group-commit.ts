import { setTimeout as delay } from 'node:timers/promises';

export interface GroupCommitOptions<E> {
  /** Most entries of one transaction. */
  maxBatch: number;
  /** Least time from the start of a transaction to the start of the next, milliseconds; longer after a slow one. */
  spacingMs: number;
  /** Stores a batch and tells each entry its outcome; must not throw. */
  commit: (entries: E[]) => Promise<void>;
}

/** The spacing after a slow transaction: `times` its duration, but at most `most` spacings. */
const stretch = { times: 2, most: 4 };

/**
 * Group commit: entries that arrive while a transaction runs go into the next one, so batches grow with the load and an
 * idle system commits immediately. Each transaction has a fixed cost in every service downstream, so a spacing limits
 * their rate on fast disks; only entries right after a transaction wait for it. A slow transaction means a large batch or
 * a busy CPU or disk; the spacing then grows with its duration, so that fewer transactions leave more time for messages.
 */
export class GroupCommit<E> {
  readonly #options: GroupCommitOptions<E>;
  #waiting: E[] = [];
  #running: Promise<void> | undefined;
  #begun = Number.NEGATIVE_INFINITY;
  /** Duration of the last transaction, milliseconds. */
  #took = 0;

  constructor(options: GroupCommitOptions<E>) {
    this.#options = options;
  }

  /** Entries not in a transaction yet. */
  get depth(): number {
    return this.#waiting.length;
  }

  add(entry: E): void {
    this.#waiting.push(entry);
    this.#running ??= this.#run();
  }

  /** Drops the waiting entries that match `where`; entries in a running transaction are not affected. */
  discard(where: (entry: E) => boolean): void {
    this.#waiting = this.#waiting.filter((entry) => !where(entry));
  }

  /** Resolves when no entry waits and no transaction runs. */
  async settle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Includes the other arrivals of this event-loop turn in the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    const { maxBatch } = this.#options;
    while (this.#waiting.length > 0) {
      const early = this.#begun + this.#spacingMs - performance.now();
      if (early > 0 && this.#waiting.length < maxBatch) {
        await delay(Math.ceil(early));
        if (this.#waiting.length === 0) break;
      }
      this.#begun = performance.now();
      const batch = this.#waiting.length <= maxBatch ? this.#waiting : this.#waiting.slice(0, maxBatch);
      this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(maxBatch);
      await this.#options.commit(batch);
      this.#took = performance.now() - this.#begun;
    }
    this.#running = undefined;
  }

  get #spacingMs(): number {
    const { spacingMs } = this.#options;
    return Math.min(Math.max(spacingMs, stretch.times * this.#took), stretch.most * spacingMs);
  }
}
