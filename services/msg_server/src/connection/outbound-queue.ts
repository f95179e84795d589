/** Something with queued output. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes connections in batches, so that a connection needs one write per flush however many PDUs are queued.
 */
export class OutboundQueue {
  readonly #intervalMs: number;
  #waiting: Flushable[] = [];
  #scheduled = false;
  #lastFlush = 0;

  /** @param intervalMs minimum time between two flushes; 0: at the end of each event-loop turn */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Adds `connection` to the next flush. To be called once per flush. */
  add(connection: Flushable): void {
    this.#waiting.push(connection);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const waitMs = this.#intervalMs === 0 ? 0 : this.#lastFlush + this.#intervalMs - performance.now();
    if (waitMs > 0) setTimeout(this.#flush, waitMs);
    else setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const connections = this.#waiting;
    this.#waiting = [];
    this.#scheduled = false;
    if (this.#intervalMs > 0) this.#lastFlush = performance.now();
    for (const connection of connections) connection.flush();
  };
}
