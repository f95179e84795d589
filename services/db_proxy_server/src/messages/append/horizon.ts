import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

const pollIntervalMs = 1_000;

/**
 * A transaction id of a moment ago: all transactions with a lower one had ended. A message that is sent later cannot
 * be stored by any of those, so a retry that names it bounds how far back the store has to look, without any clock.
 */
export class Horizon {
  readonly #listeners = new Set<() => void>();
  #value = 0;

  /** Unsigned 32-bit; 0: not known yet */
  get value(): number {
    return this.#value;
  }

  /** Tells of new values. @returns how to end that */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks PostgreSQL, now and once a second. @returns how to stop it */
  async follow(pool: Pool, { log }: Kit): Promise<() => Promise<void>> {
    let running: Promise<void> | undefined;
    const poll = () => {
      running ??= this.#poll(pool)
        .catch((error: unknown) => log.debug({ err: error }, 'the transaction horizon is not known anew'))
        .finally(() => {
          running = undefined;
        });
      return running;
    };
    await poll();
    const timer = setInterval(poll, pollIntervalMs);
    return async () => {
      clearInterval(timer);
      await running;
    };
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
