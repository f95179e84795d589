/** When faults were there: performance.now(). */
export class FaultTimes {
  readonly #times: { begin: number; end: number }[] = [];

  /** @returns to be called when the fault is over */
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

  /**
   * By when something is to be done for which `ms` milliseconds without a fault are enough: counted from `at`, and
   * again from the end of each fault that was there before the time was over.
   */
  dueAt(at: number, ms: number): number {
    let due = at + ms;
    for (const { begin, end } of this.#times.toSorted((one, other) => one.begin - other.begin)) {
      if (begin <= due && end > at) due = Math.max(due, end + ms);
    }
    return due;
  }
}
