import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

/** How often rows are deleted while no transaction comes along to do it, milliseconds. */
const idleDeleteMs = 200;

/** Outbox rows that are to be deleted: along with the next transaction, or by themselves when none comes. */
export class DeliveredRows {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly #timer: NodeJS.Timeout;
  #ids: string[] = [];

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
    this.#timer = setInterval(() => void this.#delete(), idleDeleteMs);
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  add(id: string): void {
    this.#ids.push(id);
  }

  /** Gives the rows to a transaction that deletes them. */
  take(): string[] {
    const ids = this.#ids;
    if (ids.length > 0) this.#ids = [];
    return ids;
  }

  /** That transaction failed. */
  giveBack(ids: readonly string[]): void {
    this.#ids.push(...ids);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#delete();
  }

  async #delete(): Promise<void> {
    const ids = this.take();
    if (ids.length === 0) return;
    try {
      await this.#pool.query('DELETE FROM outbox WHERE id = ANY ($1::int8[])', [ids]);
    } catch (error) {
      this.giveBack(ids);
      this.#kit.log.warn({ err: error, rows: ids.length }, 'outbox rows could not be deleted yet');
    }
  }
}
