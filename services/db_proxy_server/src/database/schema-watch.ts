import type { Logger } from '@teamtalk/service-kit';
import type { DataSource } from 'typeorm';
import { problemOf, schemaState } from './schema.js';

const defaultIntervalMs = 5_000;

/**
 * Looks now and then whether the schema still is one this program works with. `teamtalk migrate` does not take it
 * away under a running program, but a restored backup or a hand at psql may.
 */
export class SchemaWatch {
  readonly #dataSource: DataSource;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #polling: Promise<void> | undefined;
  #fits = true;

  constructor(dataSource: DataSource, log: Logger, intervalMs = defaultIntervalMs) {
    this.#dataSource = dataSource;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#polling ??= this.#poll().finally(() => {
        this.#polling = undefined;
      });
    }, intervalMs);
  }

  /** False: nothing should be asked of this instance. */
  get fits(): boolean {
    return this.#fits;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
  }

  async #poll(): Promise<void> {
    let problem: string | undefined;
    try {
      problem = problemOf(await schemaState(this.#dataSource));
    } catch {
      // PostgreSQL is away, which others see and say.
      return;
    }
    if (this.#fits !== (problem === undefined)) {
      if (problem) this.#log.error(problem);
      else this.#log.info('the schema is one this version works with again');
    }
    this.#fits = problem === undefined;
  }
}
