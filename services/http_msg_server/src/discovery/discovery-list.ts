import { administration, type httpApi, type ReplicaPool } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';

export type DiscoveryItem = httpApi.api.DiscoveryItem;

/** Milliseconds from one question to the store to the next. */
const pauseMs = 1_000;
/** Milliseconds the store has to answer. */
const storeMs = 2_000;

/**
 * The discovery list as the store had it a second ago. While the store does not answer, the last known one. Whoever asks, the
 * store gets at most one question a second.
 * @typeParam T what is made of a list, once
 */
export class DiscoveryList<T> {
  readonly #kit: Kit;
  readonly #pool: ReplicaPool;
  readonly #render: (items: readonly DiscoveryItem[]) => T;
  readonly #failures;
  #last: T | undefined;
  #isFailing = false;
  #isAsking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #question: Promise<void> = Promise.resolve();

  constructor(kit: Kit, pool: ReplicaPool, render: (items: readonly DiscoveryItem[]) => T) {
    this.#kit = kit;
    this.#pool = pool;
    this.#render = render;
    this.#failures = kit.metrics.counter(
      'discovery_failures_total',
      'Times the store did not answer with the discovery list; the last known one was served',
    );
  }

  /** undefined: the store has not answered yet. */
  async current(): Promise<T | undefined> {
    if (!this.#isAsking && performance.now() - this.#askedAt >= pauseMs) this.#question = this.#ask();
    // Nobody waits for a store that has just failed, as long as there is something to show.
    if (!(this.#isFailing && this.#last)) await this.#question;
    return this.#last;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#askedAt = performance.now();
    try {
      const { items } = await this.#pool.call(administration.listDiscovery, {}, storeMs);
      this.#last = this.#render(items as DiscoveryItem[]);
      if (this.#isFailing) this.#kit.log.info('discovery list read again');
      this.#isFailing = false;
    } catch (error) {
      this.#failures.inc();
      if (!this.#isFailing) this.#kit.log.warn({ err: error }, 'discovery list not read');
      this.#isFailing = true;
    } finally {
      this.#isAsking = false;
    }
  }
}
