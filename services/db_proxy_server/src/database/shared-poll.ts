import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

/** Milliseconds between two polls. */
const pollIntervalMs = 1_000;

/** What a part of this process has to know of the database, a second old at most. */
export interface Question {
  /** of its column */
  readonly name: string;
  /** an SQL expression of one value, without parameters */
  readonly sql: string;
  take(answer: unknown): void;
}

/**
 * Asks PostgreSQL several questions at a time, once a second: each in a statement of its own would wake a connection of its
 * own, most of all where nobody uses the installation.
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

  /** Asks now and once a second from then on; what a failed poll leaves unanswered, the next one asks again. */
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
      // Database reports that PostgreSQL is unavailable.
      this.#kit.log.debug({ err: error }, 'shared poll failed');
    }
  }

  async stop(): Promise<void> {
    await this.#stopPolling?.();
  }
}
