import type { RpcStream } from './server.js';

type Answering<Result> = Pick<RpcStream<unknown, { results: Result[] }>, 'write' | 'pause' | 'resume'>;

/**
 * The server side of a BatchedStream: results of one event-loop turn are sent in one frame. Reading from a caller with
 * too many entries without a result pauses until half of them have one.
 */
export class BatchedReplies<Result> {
  readonly #stream: Answering<Result>;
  readonly #maxPending: number;
  readonly #others: (() => object | undefined) | undefined;
  #results: Result[] = [];
  #scheduled = false;
  #pending = 0;
  #paused = false;

  /**
   * @param maxPending maximum number of a caller's entries without a result; a frame is always accepted whole
   * @param others returns the other fields of a frame that is about to be sent
   */
  constructor(stream: Answering<Result>, maxPending: number, others?: () => object | undefined) {
    this.#stream = stream;
    this.#maxPending = maxPending;
    this.#others = others;
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
    this.flushSoon();
    this.#results.push(result);
    this.#pending--;
    if (!this.#paused || this.#pending >= this.#maxPending / 2) return;
    this.#paused = false;
    this.#stream.resume();
  }

  /** Sends a frame at the end of this event-loop turn, with the results until then. */
  flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const results = this.#results;
    this.#results = [];
    this.#stream.write({ results, ...this.#others?.() });
  }
}
