interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

/** Connections that wait until the store has room again, first come first served. */
export class AppendBackpressure<C extends Advancing> {
  readonly #waiting = new Set<C>();
  readonly #isFull: () => boolean;

  constructor(isFull: () => boolean) {
    this.#isFull = isFull;
  }

  /** @returns true when the connection has to wait; its `advance` is called when there may be room */
  blocks(connection: C): boolean {
    if (!this.#isFull()) {
      this.#waiting.delete(connection);
      return false;
    }
    this.#waiting.add(connection);
    return true;
  }

  /** A result has come: there may be room for one more. */
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
