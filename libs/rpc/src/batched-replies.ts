import type { RpcStream } from './server.js';

type Answering<Result> = Pick<RpcStream<unknown, { results: Result[] }>, 'write' | 'pause' | 'resume'>;

/**
 * The server side of a BatchedStream: results of one event-loop turn are sent in one frame. Reading from a caller with
 * too many entries without a result pauses until half of them have one.
 */
export class BatchedReplies<Result> {
  readonly #stream: Answering<Result>;
  readonly #maxPending: number;
  #results: Result[] = [];
  #pending = 0;
  #paused = false;

  /** @param maxPending maximum number of a caller's entries without a result; a frame is always accepted whole */
  constructor(stream: Answering<Result>, maxPending: number) {
    this.#stream = stream;
    this.#maxPending = maxPending;
  }

  /** Registers a received entry, which will get a result. */
  expect(): void {
    this.#pending++;
    if (this.#pending < this.#maxPending || this.#paused) return;
    this.#paused = true;
    this.#stream.pause();
  }

  /** Must be called once for each entry. */
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
