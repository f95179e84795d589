import type { RateLimit } from './token-bucket.js';
import type { WakeScheduler } from './wake-scheduler.js';

interface Paced {
  readonly userId: number;
  readonly isOpen: boolean;
  advance(): void;
}

/** Milliseconds a user waits at most before the next request, whatever the last one cost. */
const maxWaitMs = 30_000;
/** Users remembered before those whose budget is full again are looked for. */
const leastPruned = 1_024;

/**
 * Limits what the requests of one user may cost, on all their connections to this msg_server. The cost of a request is
 * known in full only when it has been answered, so a request may overdraw the budget: then the user's next request waits
 * until it is made up. Nothing is refused or dropped (client-behaviour.md#cost-of-requests).
 */
export class RequestPace<C extends Paced> {
  readonly #rate: RateLimit;
  readonly #wakeScheduler: WakeScheduler<C>;
  readonly #onThrottled: () => void;
  /** State of each user's budget, see RateLimit; users who are not here have a full one. */
  readonly #fullAt = new Map<number, number>();
  #pruneAt = leastPruned;

  constructor(rate: RateLimit, wakeScheduler: WakeScheduler<C>, onThrottled: () => void) {
    this.#rate = rate;
    this.#wakeScheduler = wakeScheduler;
    this.#onThrottled = onThrottled;
  }

  /** Users whose budget is remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Whether the connection has to wait; if so, its `advance` is called once its user may ask again.
   * @param now milliseconds of a monotonic clock
   */
  throttles(connection: C, now: number): boolean {
    const fullAt = this.#fullAt.get(connection.userId);
    if (fullAt === undefined) return false;
    const wait = this.#rate.waitFor(fullAt, now);
    if (wait === 0) return false;
    if (this.#wakeScheduler.wake(connection, wait)) this.#onThrottled();
    return true;
  }

  /** @param units see request-costs.ts */
  charge(userId: number, units: number, now: number): void {
    if (this.#rate.unlimited) return;
    const fullAt = this.#rate.take(this.#fullAt.get(userId) ?? 0, now, units);
    this.#fullAt.set(userId, this.#rate.limitWait(fullAt, now, maxWaitMs));
    if (this.#fullAt.size > this.#pruneAt) this.#prune(now);
  }

  #prune(now: number): void {
    for (const [userId, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(userId);
    this.#pruneAt = Math.max(leastPruned, 2 * this.#fullAt.size);
  }
}
