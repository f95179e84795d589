/** Milliseconds a change is remembered: longer than a login may be checked. */
const rememberedMs = 15_000;
/** Changes remembered at most. */
const maxRemembered = 10_000;

/** Users whose password changed, or who were disabled, a moment ago. */
export class ChangedCredentials {
  /** `performance.now()` of the last change, oldest first */
  readonly #changedAt = new Map<number, number>();

  note(userId: number, now = performance.now()): void {
    this.#changedAt.delete(userId);
    this.#changedAt.set(userId, now);
    for (const [oldest, at] of this.#changedAt) {
      if (now - at < rememberedMs && this.#changedAt.size <= maxRemembered) break;
      this.#changedAt.delete(oldest);
    }
  }

  /** Whether a check that began then may have been of the credentials before the change. */
  isStale(userId: number, begun: number): boolean {
    return begun <= (this.#changedAt.get(userId) ?? Number.NEGATIVE_INFINITY);
  }
}
