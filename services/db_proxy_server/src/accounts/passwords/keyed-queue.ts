import { BoundedWork, type BoundedWorkOptions } from './bounded-work.js';

/** Limits concurrent jobs by key, each key with a bounded queue of its own. */
export class KeyedQueue {
  readonly #options: BoundedWorkOptions;
  readonly #lines = new Map<string, BoundedWork>();

  /** @param options of each key's queue */
  constructor(options: BoundedWorkOptions) {
    this.#options = options;
  }

  /** Keys with running or waiting jobs. */
  get size(): number {
    return this.#lines.size;
  }

  /** @throws TeamTalkError `resource-exhausted` as BoundedWork.run, for this key's queue */
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
