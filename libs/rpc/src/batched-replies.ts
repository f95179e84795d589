import type { RpcStream } from './server.js';

type Answering<Result> = Pick<RpcStream<unknown, { results: Result[] }>, 'write' | 'pause' | 'resume'>;

/**
 * The other end of a BatchedStream: results that are there in one turn of the event loop leave in one frame, and a
 * caller with too many entries that have no result yet is not read from until half of them have one.
 */
export class BatchedReplies<Result> {
  readonly #stream: Answering<Result>;
  readonly #maxPending: number;
  #results: Result[] = [];
  #pending = 0;
  #paused = false;

  /** @param maxPending entries of one caller that may be without a result; a frame that is begun is taken whole */
  constructor(stream: Answering<Result>, maxPending: number) {
    this.#stream = stream;
    this.#maxPending = maxPending;
  }

  /** An entry has come, which will get its result. */
  expect(): void {
    this.#pending++;
    if (this.#pending < this.#maxPending || this.#paused) return;
    this.#paused = true;
    this.#stream.pause();
  }

  /** To be called once for each entry. */
  answer(result: Result): void {
    if (this.#results.length === 0) process.nextTick(() => this.#flush());
    this.#results.push(result);
    this.#pending--;
    if (!this.#paused || this.#pending >= this.#maxPending / 2) return;
    this.#paused = false;
    this.#stream.resume();
  }

  #flush(): void {
    const results = this.#results;
    this.#results = [];
    this.#stream.write({ results });
  }
}
