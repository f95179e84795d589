import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

const pollIntervalMs = 1_000;

/**
 * A recent transaction id below which all transactions have ended. A message sent later cannot have been stored by any of
 * these, so a retry with this horizon bounds the search for its first attempt without relying on a clock.
 */
export class Horizon {
  readonly #listeners = new Set<() => void>();
  #value = 0;

  /** Unsigned 32-bit; 0: not known yet */
  get value(): number {
    return this.#value;
  }

  /** Calls `listener` after each change. @returns a function that unsubscribes */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the horizon from PostgreSQL, now and once a second. @returns a function that stops it */
  async follow(pool: Pool, { log }: Kit): Promise<() => Promise<void>> {
    const poll = () =>
      this.#poll(pool).catch((error: unknown) => {
        log.debug({ err: error }, 'transaction horizon refresh failed');
      });
    await poll();
    return every(pollIntervalMs, poll);
  }

  async #poll(pool: Pool): Promise<void> {
    const { rows } = await pool.query({
      name: 'transaction_horizon',
      text: 'SELECT transaction_horizon() AS id',
    });
    const value = Number(rows[0].id);
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}
