import { every, type Logger } from '@teamtalk/service-kit';
import type { DataSource } from 'typeorm';
import { problemOf, schemaState } from './schema.js';

const defaultIntervalMs = 5_000;

/**
 * Checks periodically that the schema is still compatible. `teamtalk migrate` never breaks a running program, but a
 * restored backup or manual SQL may.
 */
export class SchemaWatch {
  readonly #dataSource: DataSource;
  readonly #log: Logger;
  /** Stops the checks. */
  readonly stop: () => Promise<void>;
  #fits = true;

  constructor(dataSource: DataSource, log: Logger, intervalMs = defaultIntervalMs) {
    this.#dataSource = dataSource;
    this.#log = log;
    this.stop = every(intervalMs, () => this.#poll());
  }

  /** False: this instance must not get requests. */
  get fits(): boolean {
    return this.#fits;
  }

  async #poll(): Promise<void> {
    let problem: string | undefined;
    try {
      problem = problemOf(await schemaState(this.#dataSource));
    } catch {
      // Database reports that PostgreSQL is unavailable.
      return;
    }
    if (this.#fits !== (problem === undefined)) {
      if (problem) this.#log.error(problem);
      else this.#log.info('schema compatible again');
    }
    this.#fits = problem === undefined;
  }
}
