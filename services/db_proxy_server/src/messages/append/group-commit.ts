import { setTimeout as delay } from 'node:timers/promises';

export interface GroupCommitOptions<E> {
  /** Entries one transaction may hold. */
  maxBatch: number;
  /** Least time from the beginning of a transaction to that of the next, milliseconds: more when it took long. */
  spacingMs: number;
  /** Stores a batch and tells each entry its outcome; must not throw. */
  commit: (entries: E[]) => Promise<void>;
}

/** From one beginning to the next `times` what the first one took have to pass, but never more than `most` spacings. */
const stretch = { times: 2, most: 4 };

/**
 * Whatever arrives while one transaction runs goes into the next one: the batch grows with the load by
 * itself, and an idle system commits at once. On a fast disk transactions would follow each other every
 * millisecond, and each costs every service behind it some work of its own, however few messages it has:
 * hence the spacing, which only those feel that come in one's wake. A transaction that takes longer is a larger one, or had
 * to wait for a core or for the disk. Then as long again passes before the next: where the cores are busy, nobody waits for
 * less than that anyway, and each transaction less leaves time for messages.
 */
export class GroupCommit<E> {
  readonly #options: GroupCommitOptions<E>;
  #waiting: E[] = [];
  #running: Promise<void> | undefined;
  #begun = Number.NEGATIVE_INFINITY;
  /** How long the last transaction took, milliseconds. */
  #took = 0;

  constructor(options: GroupCommitOptions<E>) {
    this.#options = options;
  }

  /** Entries that no transaction has taken yet. */
  get depth(): number {
    return this.#waiting.length;
  }

  add(entry: E): void {
    this.#waiting.push(entry);
    this.#running ??= this.#run();
  }

  /** Takes out the waiting entries that `where` names; those in a running transaction stay. */
  discard(where: (entry: E) => boolean): void {
    this.#waiting = this.#waiting.filter((entry) => !where(entry));
  }

  /** Resolves when nothing waits and nothing runs. */
  async settle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Let the rest of this event-loop turn's arrivals into the first batch.
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
