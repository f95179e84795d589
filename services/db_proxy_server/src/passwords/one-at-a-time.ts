import { TeamTalkError } from '@teamtalk/service-kit';

interface Line {
  length: number;
  last: Promise<unknown>;
}

/** Jobs of one key run one after the other, those of different keys side by side. */
export class OneAtATime {
  readonly #maxPerKey: number;
  readonly #lines = new Map<string, Line>();

  /** @param maxPerKey jobs of one key, the running one included */
  constructor(maxPerKey: number) {
    this.#maxPerKey = maxPerKey;
  }

  /** Keys that have jobs. */
  get size(): number {
    return this.#lines.size;
  }

  /** @throws TeamTalkError `resource-exhausted` when too many jobs of this key wait */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { length: 0, last: Promise.resolve() };
    if (line.length >= this.#maxPerKey) {
      throw new TeamTalkError('resource-exhausted', 'too many requests for the same thing at once');
    }
    this.#lines.set(key, line);
    line.length++;
    const result = line.last.then(job);
    line.last = result.catch(() => {});
    try {
      return await result;
    } finally {
      if (--line.length === 0) this.#lines.delete(key);
    }
  }
}
