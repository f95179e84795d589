import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withoutSecrets } from '@teamtalk/service-kit';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Failure } from '../../failure.js';

const connectMs = 10_000;
const lockMs = 60_000;
/** Memory of one sort before it spills to temporary files, bytes. */
export const workMemory = 128 * 1024 * 1024;

/** The database of the new installation, as the importer uses it. */
export class TargetDatabase {
  readonly #pool: pg.Pool;
  readonly #where: string;

  /** @param connections most connections at a time */
  constructor(url: string, connections: number) {
    this.#where = `PostgreSQL at ${withoutSecrets(url)}`;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: connectMs,
      application_name: 'teamtalk import',
      // What a crash loses of the rows it loses of the state, too, which is in the same transactions.
      options: `-c synchronous_commit=off -c work_mem=${workMemory / 1024} -c maintenance_work_mem=128MB -c jit=off`,
    });
    this.#pool.on('error', () => {});
    // One that breaks between two statements is noticed by the next of them.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** @throws Failure when PostgreSQL refuses, has no room, or goes away; what was committed stays */
  async rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.transaction((session) => session.rows<Row>(sql, values));
  }

  /** Runs `work` in one transaction. @throws Failure as `rows` */
  async transaction<T>(work: (session: TargetSession) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    let broken: Error | undefined;
    try {
      client = await this.#pool.connect();
      await client.query('BEGIN');
      const result = await work(new TargetSession(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = error as Error;
      throw error instanceof Failure ? error : targetFailure(this.#where, error);
    } finally {
      // A connection whose transaction failed is closed, which rolls it back.
      client?.release(broken);
    }
  }

  /**
   * Keeps other importers out for as long as `work` takes; the lock of one that was killed ends with its last statement.
   *
   * @throws Failure when another one is at work, or the connection that has the lock breaks
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      await client.query(`SET lock_timeout = ${lockMs}`);
      await client.query(`SELECT pg_advisory_lock(hashtext('teamtalk import'))`);
      return await Promise.race([work(), broken(client)]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === '55P03') {
        throw new Failure(`another import is at work in ${this.#where}`, { cause: error });
      }
      throw error instanceof Failure ? error : targetFailure(this.#where, error);
    } finally {
      // Closed, which ends the lock.
      client?.release(true);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function broken(client: pg.PoolClient): Promise<never> {
  return new Promise((_, reject) => client.on('error', reject));
}

/** One transaction. */
export class TargetSession {
  readonly #client: pg.ClientBase;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  async rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(sql, values)).rows;
  }

  /** @returns how many rows it inserted, updated or deleted */
  async run(sql: string, values: unknown[] = []): Promise<number> {
    return (await this.#client.query(sql, values)).rowCount ?? 0;
  }

  /** Copies lines in the text format of COPY into a table. */
  async copy(target: string, lines: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
    await pipeline(
      Readable.from(lines, { objectMode: true }),
      this.#client.query(copyFrom(`COPY ${target} FROM STDIN`)),
    );
  }
}

function targetFailure(where: string, error: unknown): Failure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === '53100' || /No space left on device/i.test(message)) {
    return new Failure(
      `${where} has no disk space left. Nothing is lost: make room, and the same command continues where it was.`,
      cause,
    );
  }
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('57') && !code.startsWith('08')) {
    return new Failure(`${where}: ${message}`, cause);
  }
  return new Failure(
    `${where} does not answer (${message}). Nothing is lost: the same command continues where it was.`,
    cause,
  );
}
