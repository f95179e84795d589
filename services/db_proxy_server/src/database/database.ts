import { every, isTransient, type Kit, TeamTalkError, withDeadline } from '@teamtalk/service-kit';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import { openDataSource, poolOf } from './data-source.js';
import { databaseError } from './errors.js';
import { connectionName } from './running-programs.js';
import { takeConnection } from './take-connection.js';

/** A statement that each connection prepares once. A name must identify exactly one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs one statement inside a transaction. */
export type Query = <Row extends QueryResultRow>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<Row[]>;

export interface DatabaseConfig {
  url: string;
  poolSize: number;
}

/** Statement timeout, milliseconds. */
const statementMs = 5_000;
/** Most callers that may wait for a free connection; each waits 3 s at most. */
const maxWaiting = 10_000;
const probeEveryMs = 1_000;
const probeMs = 2_000;
const probe: Statement = { name: 'probe', text: 'SELECT 1' };

/**
 * PostgreSQL for the handlers: prepared statements on a bounded pool, errors as TeamTalkErrors, and availability. It
 * recovers by itself when PostgreSQL does.
 */
export class Database {
  readonly dataSource: DataSource;
  readonly pool: Pool;
  readonly #kit: Kit;
  readonly #failed;
  readonly #stopProbing: () => Promise<void>;
  #ask: () => Promise<unknown>;
  #up = true;
  #answeredAt = performance.now();

  /** @throws TeamTalkError `unavailable` when PostgreSQL does not answer */
  static async open(config: DatabaseConfig, kit: Kit): Promise<Database> {
    const dataSource = await openDataSource(config.url, {
      poolSize: config.poolSize,
      applicationName: connectionName(),
      statementMs,
      onIdleError: (error) => kit.log.warn({ err: error }, 'idle PostgreSQL connection broke'),
    });
    return new Database(dataSource, kit);
  }

  private constructor(dataSource: DataSource, kit: Kit) {
    this.dataSource = dataSource;
    this.pool = poolOf(dataSource);
    this.#ask = () => this.pool.query(probe);
    this.#kit = kit;
    const { metrics } = kit;
    this.#failed = metrics.counter('queries_failed_total', 'SQL statements that failed, by error code', [
      'code',
    ]);
    metrics.gauge('postgres_up', '1 while PostgreSQL answers', () => (this.#up ? 1 : 0));
    metrics.gauge('pool_connections', 'Open connections to PostgreSQL', () => this.pool.totalCount);
    metrics.gauge('pool_waiting', 'Callers waiting for a connection', () => this.pool.waitingCount);
    this.#stopProbing = every(probeEveryMs, () => this.#probe());
  }

  /** Whether PostgreSQL is available, by the last statement or probe. */
  get up(): boolean {
    return this.#up;
  }

  /** Uses a query that runs once a second anyway as the probe. An SQL error counts as an answer. */
  probeBy(ask: () => Promise<unknown>): void {
    this.#ask = () =>
      ask().catch((error: unknown) => {
        if (isTransient(databaseError(error, 'probe'))) throw error;
      });
  }

  /**
   * Runs one statement on a connection of its own.
   * @throws TeamTalkError `resource-exhausted` when too many wait already; otherwise as databaseError
   */
  async query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    this.#requireRoom();
    try {
      const { rows } = await this.pool.query<Row>({ ...statement, values: values as unknown[] });
      this.#answered();
      return rows;
    } catch (error) {
      throw this.#count(databaseError(error, statement.name));
    }
  }

  /**
   * Runs the statements of `work` in one transaction, committed when `work` resolves. Any failure rolls it back; only
   * when the reply to the commit itself is lost is the outcome unknown.
   * @param name of the operation, for errors
   * @throws TeamTalkError as `query`
   */
  async transaction<T>(name: string, work: (query: Query) => Promise<T>): Promise<T> {
    this.#requireRoom();
    let client: PoolClient | undefined;
    try {
      client = await takeConnection(this.pool);
      const result = await inTransaction(client, work);
      client.release();
      this.#answered();
      return result;
    } catch (error) {
      // Closing the connection rolls back; after a timeout, ROLLBACK could not be sent on it.
      client?.release(true);
      throw this.#count(databaseError(error, name));
    }
  }

  async close(): Promise<void> {
    void this.#stopProbing();
    await this.dataSource.destroy();
  }

  #requireRoom(): void {
    if (this.pool.waitingCount < maxWaiting) return;
    throw this.#count(new TeamTalkError('resource-exhausted', 'too many wait for a database connection'));
  }

  #count(error: TeamTalkError): TeamTalkError {
    this.#failed.inc({ code: error.code });
    return error;
  }

  #answered(): void {
    this.#answeredAt = performance.now();
    if (this.#up) return;
    this.#up = true;
    this.#kit.log.info('PostgreSQL available again');
  }

  async #probe(): Promise<void> {
    const begun = performance.now();
    try {
      await withDeadline(this.#ask(), probeMs, 'the answer of PostgreSQL');
      this.#answered();
    } catch (error) {
      // Other statements were answered in the meantime.
      if (this.#up && this.#answeredAt > begun) return;
      if (this.#up) this.#kit.log.error({ err: error }, 'PostgreSQL probe failed');
      this.#up = false;
    }
  }
}

/** Runs statements outside a Database: in commands, and in a transaction of TypeORM. Returns no rows of an UPDATE or DELETE. */
export function queryOn(source: Pick<DataSource, 'query'>): Query {
  return (statement, values) => source.query(statement.text, [...values]);
}

/** A stand-in for a Database in commands. */
export function databaseOf(dataSource: DataSource): Pick<Database, 'query' | 'transaction'> {
  return {
    query: queryOn(dataSource),
    transaction: (_name, work) => dataSource.transaction((manager) => work(queryOn(manager))),
  };
}

async function inTransaction<T>(client: PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  const result = await work(
    async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const { rows } = await client.query<Row>({ ...statement, values: values as unknown[] });
      return rows;
    },
  );
  await client.query('COMMIT');
  return result;
}
