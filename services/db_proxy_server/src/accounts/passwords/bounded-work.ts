import { TeamTalkError } from '@teamtalk/service-kit';

export interface BoundedWorkOptions {
  /** name of the work in errors */
  what: string;
  /** jobs that run concurrently */
  concurrency: number;
  /** jobs that may wait */
  maxWaiting: number;
  /** longest wait, milliseconds */
  maxWaitMs: number;
}

interface Waiting {
  start: () => void;
  giveUp: () => void;
  expires: number;
}

/** Runs a limited number of jobs concurrently, first in, first out; the queue is bounded in length and wait. */
export class BoundedWork {
  readonly #options: BoundedWorkOptions;
  readonly #line: Waiting[] = [];
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BoundedWorkOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#line.length;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** @throws TeamTalkError `resource-exhausted` when the queue is full or the wait too long */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#options.concurrency) await this.#turn();
    else this.#running++;
    try {
      return await job();
    } finally {
      this.#next();
    }
  }

  /** Resolves when a finished job hands over its slot. */
  #turn(): Promise<void> {
    const { what, maxWaiting, maxWaitMs } = this.#options;
    const refuse = () => new TeamTalkError('resource-exhausted', `too much ${what} at once`);
    if (this.#line.length >= maxWaiting) throw refuse();
    return new Promise((resolve, reject) => {
      this.#line.push({
        start: resolve,
        giveUp: () => reject(refuse()),
        expires: performance.now() + maxWaitMs,
      });
      this.#timer ??= setTimeout(() => this.#expire(), maxWaitMs);
    });
  }

  #next(): void {
    const next = this.#line.shift();
    if (next) next.start();
    else {
      this.#running--;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#line[0] && this.#line[0].expires <= now) this.#line.shift()?.giveUp();
    const oldest = this.#line[0];
    if (oldest) this.#timer = setTimeout(() => this.#expire(), oldest.expires - now);
  }
}
