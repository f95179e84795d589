import { setTimeout as delay } from 'node:timers/promises';

export interface GroupCommitOptions<E> {
  /** Entries one transaction may hold. */
  maxBatch: number;
  /** Least time from the beginning of a transaction to that of the next, milliseconds. */
  spacingMs: number;
  /** Stores a batch and tells each entry its outcome; must not throw. */
  commit: (entries: E[]) => Promise<void>;
}

/**
 * Whatever arrives while one transaction runs goes into the next one: the batch grows with the load by
 * itself, and an idle system commits at once. On a fast disk transactions would follow each other every
 * millisecond, and each costs every service behind it some work of its own, however few messages it has:
 * hence the spacing, which only those feel that come in one's wake.
 */
export class GroupCommit<E> {
  readonly #options: GroupCommitOptions<E>;
  #waiting: E[] = [];
  #running: Promise<void> | undefined;
  #begun = Number.NEGATIVE_INFINITY;

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
    const { maxBatch, spacingMs } = this.#options;
    while (this.#waiting.length > 0) {
      const early = this.#begun + spacingMs - performance.now();
      if (early > 0 && this.#waiting.length < maxBatch) {
        await delay(Math.ceil(early));
        if (this.#waiting.length === 0) break;
      }
      this.#begun = performance.now();
      const batch = this.#waiting.length <= maxBatch ? this.#waiting : this.#waiting.slice(0, maxBatch);
      this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(maxBatch);
      await this.#options.commit(batch);
    }
    this.#running = undefined;
  }
}
