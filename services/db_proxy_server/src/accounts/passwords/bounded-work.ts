import { TeamTalkError } from '@teamtalk/service-kit';

export interface BoundedWorkOptions {
  /** names the work in errors */
  what: string;
  /** jobs at a time */
  concurrency: number;
  /** jobs that may wait for their turn */
  maxWaiting: number;
  /** longest wait for a turn, milliseconds */
  maxWaitMs: number;
}

interface Waiting {
  start: () => void;
  giveUp: () => void;
  expires: number;
}

/** A few jobs at a time, first come first served; the line is bounded in length and in time. */
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

  /** @throws TeamTalkError `resource-exhausted` when the line is full, or the turn does not come in time */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#options.concurrency) await this.#turn();
    else this.#running++;
    try {
      return await job();
    } finally {
      this.#next();
    }
  }

  /** Resolves with a running job's place handed over. */
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
