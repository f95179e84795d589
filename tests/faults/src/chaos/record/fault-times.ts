/** When faults were present: performance.now(). */
export class FaultTimes {
  readonly #times: { begin: number; end: number }[] = [];

  /** @returns a function to call when the fault is over */
  begin(): () => void {
    const time = { begin: performance.now(), end: Number.POSITIVE_INFINITY };
    this.#times.push(time);
    return () => {
      time.end = performance.now();
    };
  }

  add(begin: number, end: number): void {
    this.#times.push({ begin, end });
  }

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /** A time relative to the beginning of the last fault before it, in words. */
  since(at: number): string {
    const begin = Math.max(...this.#times.map((time) => time.begin).filter((each) => each <= at));
    return Number.isFinite(begin) ? `${Math.round(at - begin)} ms after a fault began` : 'before any fault';
  }

  /**
   * When something is due that may take `ms` milliseconds without a fault: counted from `at`, and again from the end of
   * each fault that began before it was due.
   */
  dueAt(at: number, ms: number): number {
    let due = at + ms;
    for (const { begin, end } of this.#times.toSorted((one, other) => one.begin - other.begin)) {
      if (begin <= due && end > at) due = Math.max(due, end + ms);
    }
    return due;
  }
}
