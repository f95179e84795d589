import { BoundedWork, type BoundedWorkOptions } from './bounded-work.js';

/** A few jobs of one key at a time, in bounded lines; those of different keys run side by side. */
export class KeyedQueue {
  readonly #options: BoundedWorkOptions;
  readonly #lines = new Map<string, BoundedWork>();

  /** @param options of each key's own line */
  constructor(options: BoundedWorkOptions) {
    this.#options = options;
  }

  /** Keys that have jobs. */
  get size(): number {
    return this.#lines.size;
  }

  /** @throws TeamTalkError `resource-exhausted` as BoundedWork does, for this key's line */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? new BoundedWork(this.#options);
    this.#lines.set(key, line);
    try {
      return await line.run(job);
    } finally {
      if (line.isIdle) this.#lines.delete(key);
    }
  }
}
