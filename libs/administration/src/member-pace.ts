import { setTimeout as delay } from 'node:timers/promises';

/** Longest wait of a call, milliseconds. */
const maxWaitMs = 3_000;
/** Cost of notifying one member of a change, relative to adding or removing one. */
const notified = 0.25;
/** Number of tracked callers from which those whose budget is full again are pruned. */
const leastPruned = 1_024;

/**
 * Limits how many group members one caller's calls may add, remove or notify per second. A call over the limit waits; one
 * that would wait for more than 3 s is refused and can be retried. A caller that makes one call at a time is therefore
 * slowed down but never refused, unless a single call takes more than three seconds' worth.
 */
export class MemberPace {
  readonly #intervalMs: number;
  readonly #capacityMs: number;
  /** When each caller's budget is full again, milliseconds of a monotonic clock; absent: it is full. */
  readonly #fullAt = new Map<string, number>();
  #pruneAt = leastPruned;

  /** @param perSecond members per second; 0: no limit. @param burst budget of an idle caller, members */
  constructor(perSecond: number, burst: number) {
    this.#intervalMs = perSecond > 0 ? 1_000 / perSecond : 0;
    this.#capacityMs = this.#intervalMs * burst;
  }

  /** Number of tracked callers. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Waits until a call for this many members may proceed. A call may overdraw the budget; the next one waits for it.
   * @returns false when the wait would be longer than 3 s
   */
  async turn(caller: string, members: number): Promise<boolean> {
    const waitMs = (this.#fullAt.get(caller) ?? 0) - this.#capacityMs - performance.now();
    if (waitMs > maxWaitMs) return false;
    this.#charge(caller, members);
    if (waitMs > 0) await delay(waitMs);
    return true;
  }

  /** Charges the caller for the members notified of a change. */
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
