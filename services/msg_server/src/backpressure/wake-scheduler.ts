/** Milliseconds between checks for connections that are due. */
const intervalMs = 10;

interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

/**
 * Wakes throttled connections once they may send again. All share one timer, which runs only while connections wait.
 */
export class WakeScheduler<C extends Advancing> {
  readonly #until = new Map<C, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls the connection's `advance` once, after at least `ms` milliseconds.
   * @returns false when it is scheduled already
   */
  wake(connection: C, ms: number): boolean {
    if (this.#until.has(connection)) return false;
    this.#until.set(connection, performance.now() + ms);
    this.#timer ??= setInterval(() => this.#wakeDue(), intervalMs);
    return true;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#until.clear();
  }

  #wakeDue(): void {
    const now = performance.now();
    for (const [connection, until] of this.#until) {
      if (until > now && connection.isOpen) continue;
      this.#until.delete(connection);
      connection.advance();
    }
    if (this.#until.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
