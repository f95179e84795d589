/** Who has something to write. */
export interface Flushable {
  flush(): void;
}

/**
 * Gathers what is written to connections and gives it to the sockets in rounds: one write a connection and
 * round, however many PDUs came together.
 */
export class OutboundQueue {
  readonly #intervalMs: number;
  #waiting: Flushable[] = [];
  #scheduled = false;
  #lastFlush = 0;

  /** @param intervalMs least time between two rounds; 0: a round at the end of each event-loop turn */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Flushes `connection` in the next round. To be called once a round. */
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
