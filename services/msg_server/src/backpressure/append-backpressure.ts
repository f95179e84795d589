interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

/** Makes connections wait, in order of arrival, while too many writes to the store are in flight. */
export class AppendBackpressure<C extends Advancing> {
  readonly #waiting = new Set<C>();
  readonly #isFull: () => boolean;

  constructor(isFull: () => boolean) {
    this.#isFull = isFull;
  }

  /** @returns true when the connection has to wait; its `advance` is called once there may be room */
  blocks(connection: C): boolean {
    if (!this.#isFull()) {
      this.#waiting.delete(connection);
      return false;
    }
    this.#waiting.add(connection);
    return true;
  }

  /** To be called after each result; wakes at most one connection. */
  freed(): void {
    for (const connection of this.#waiting) {
      if (this.#isFull()) return;
      this.#waiting.delete(connection);
      if (!connection.isOpen) continue;
      connection.advance();
      return;
    }
  }
}
