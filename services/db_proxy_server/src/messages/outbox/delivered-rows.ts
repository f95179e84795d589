import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

/** How often rows are deleted while there are no append transactions to do it, milliseconds. */
const idleDeleteMs = 200;

/** Delivered outbox rows, deleted by the next append transaction or, when there is none, separately. */
export class DeliveredRows {
  readonly #pool: Pool;
  readonly #kit: Kit;
  #timer: NodeJS.Timeout | undefined;
  #ids: string[] = [];
  #stopped = false;

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  add(id: string): void {
    this.#ids.push(id);
    this.#schedule();
  }

  /** Hands the rows over to a transaction that deletes them. */
  take(): string[] {
    const ids = this.#ids;
    this.#ids = [];
    return ids;
  }

  /** Returns the rows of a failed transaction. */
  giveBack(ids: readonly string[]): void {
    // As arguments of `push`, a few hundred thousand would exceed the stack.
    this.#ids = [...this.#ids, ...ids];
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#delete();
  }

  #schedule(): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => void this.#delete(), idleDeleteMs);
  }

  async #delete(): Promise<void> {
    this.#timer = undefined;
    const ids = this.take();
    if (ids.length === 0) return;
    try {
      await this.#pool.query('DELETE FROM outbox WHERE id = ANY ($1::int8[])', [ids]);
    } catch (error) {
      this.giveBack(ids);
      this.#kit.log.warn({ err: error, rows: ids.length }, 'outbox delete failed; retrying');
    }
  }
}
