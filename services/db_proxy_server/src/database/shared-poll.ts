import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

/** Milliseconds between two polls. */
const pollIntervalMs = 1_000;

/** Something this process needs to know from the database, at most one second old. */
export interface Question {
  /** column name in the statement */
  readonly name: string;
  /** SQL expression of a single value, without parameters */
  readonly sql: string;
  take(answer: unknown): void;
}

/**
 * Asks PostgreSQL several questions in one statement, once a second. Separate statements would each wake a connection, which
 * is most of the work of an idle installation.
 */
export class SharedPoll {
  readonly #pool: Pool;
  readonly #kit: Pick<Kit, 'log'>;
  readonly #questions: readonly Question[];
  readonly #statement: { name: string; text: string };
  #stopPolling: (() => Promise<void>) | undefined;

  constructor(pool: Pool, kit: Pick<Kit, 'log'>, questions: readonly Question[]) {
    this.#pool = pool;
    this.#kit = kit;
    this.#questions = questions;
    const columns = questions.map(({ name, sql }) => `(${sql}) AS ${name}`);
    this.#statement = { name: 'shared_poll', text: `SELECT ${columns.join(', ')}` };
  }

  /** Asks now and once a second from then on. After a failed poll the answers stay until the next one. */
  async start(): Promise<void> {
    await this.ask();
    this.#stopPolling = every(pollIntervalMs, () => this.ask());
  }

  /** Asks now. Never throws. */
  async ask(): Promise<void> {
    try {
      const { rows } = await this.#pool.query<Record<string, unknown>>(this.#statement);
      for (const question of this.#questions) question.take(rows[0]?.[question.name]);
    } catch (error) {
      // Database already reports that PostgreSQL is unavailable.
      this.#kit.log.debug({ err: error }, 'shared poll failed');
    }
  }

  async stop(): Promise<void> {
    await this.#stopPolling?.();
  }
}
