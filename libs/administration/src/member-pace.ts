import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds a call waits for its turn at most. */
const maxWaitMs = 3_000;
/** Cost of a member notified of a change, in members added or removed. */
const notified = 0.25;
/** Callers remembered before those whose budget is full again are looked for. */
const leastPruned = 1_024;

/**
 * Limits the members of groups that the calls of one caller make, change or notify per second. A call beyond it waits; one
 * that would wait for more than 3 s is refused, to be tried again. So a caller that makes one call after the other is
 * slowed down and never refused, as long as no call is for more than three seconds' worth.
 */
export class MemberPace {
  readonly #intervalMs: number;
  readonly #capacityMs: number;
  /** By caller the time at which the budget is full again, milliseconds of a monotonic clock; absent: it is full. */
  readonly #fullAt = new Map<string, number>();
  #pruneAt = leastPruned;

  /** @param perSecond members per second; 0: no limit. @param burst members at once */
  constructor(perSecond: number, burst: number) {
    this.#intervalMs = perSecond > 0 ? 1_000 / perSecond : 0;
    this.#capacityMs = this.#intervalMs * burst;
  }

  /** Callers whose budget is remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Resolves at the turn of a call for this many members. What a call takes beyond its budget is waited for by the next
   * one.
   * @returns false when that is too far away
   */
  async turn(caller: string, members: number): Promise<boolean> {
    const waitMs = (this.#fullAt.get(caller) ?? 0) - this.#capacityMs - performance.now();
    if (waitMs > maxWaitMs) return false;
    this.#charge(caller, members);
    if (waitMs > 0) await delay(waitMs);
    return true;
  }

  /** Members who are notified of a change that was made. */
  notifies(caller: string, members: number): void {
    this.#charge(caller, members * notified);
  }

  #charge(caller: string, members: number): void {
    if (this.#intervalMs === 0) return;
    const now = performance.now();
    this.#fullAt.set(caller, Math.max(this.#fullAt.get(caller) ?? 0, now) + this.#intervalMs * members);
    if (this.#fullAt.size > this.#pruneAt) this.#prune(now);
  }

  #prune(now: number): void {
    for (const [caller, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(caller);
    this.#pruneAt = Math.max(leastPruned, 2 * this.#fullAt.size);
  }
}
