import type { Question } from '../../database/shared-poll.js';

/**
 * A recent transaction id below which all transactions have ended. A message sent later cannot have been stored by any of
 * these, so a retry with this horizon bounds the search for its first attempt without relying on a clock.
 */
export class Horizon {
  readonly question: Question = {
    name: 'horizon',
    sql: 'transaction_horizon()',
    take: (id) => this.#set(Number(id)),
  };
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

  #set(value: number): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}
