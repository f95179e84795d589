/** How often waiting connections are looked at, milliseconds. */
const intervalMs = 10;

interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

/**
 * Wakes connections that may send again at a later time. One timer for all of them, and none while nobody
 * waits.
 */
export class WakeScheduler<C extends Advancing> {
  readonly #until = new Map<C, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls the connection's `advance` once, in `ms` milliseconds or a little later.
   * @returns false when that was asked for already
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
