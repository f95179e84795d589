import type { Simulation } from './simulation.js';

/** db_proxy_server's COMMIT_SPACING_MS, in microseconds */
const spacing = 2_000;
/** As in db_proxy_server's group commit: a slow transaction spaces the next by `times` its duration, up to `most` spacings. */
const stretch = { times: 2, most: 4 };
const maxBatch = 2_000;

/** db_proxy_server's group commit: messages that arrive during a transaction go into the next one. */
export class Lane<T> {
  readonly #sim: Simulation;
  readonly #commit: (batch: T[], done: () => void) => void;
  #waiting: T[] = [];
  #running = false;
  #begun = Number.NEGATIVE_INFINITY;
  #took = 0;
  /** transactions begun so far, and the messages in them */
  batches = 0;
  stored = 0;

  constructor(sim: Simulation, commit: (batch: T[], done: () => void) => void) {
    this.#sim = sim;
    this.#commit = commit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#running) return;
    this.#running = true;
    this.#schedule();
  }

  #schedule(): void {
    const wait = this.#begun + this.#spacing - this.#sim.now;
    if (wait <= 0 || this.#waiting.length >= maxBatch) this.#begin();
    // Node's timers have a resolution of one millisecond.
    else this.#sim.after(Math.ceil(wait / 1_000) * 1_000, () => this.#begin());
  }

  #begin(): void {
    this.#begun = this.#sim.now;
    const batch = this.#waiting.slice(0, maxBatch);
    this.#waiting = this.#waiting.slice(maxBatch);
    this.batches++;
    this.stored += batch.length;
    this.#commit(batch, () => {
      this.#took = this.#sim.now - this.#begun;
      if (this.#waiting.length > 0) this.#schedule();
      else this.#running = false;
    });
  }

  get #spacing(): number {
    return Math.min(Math.max(spacing, stretch.times * this.#took), stretch.most * spacing);
  }
}
