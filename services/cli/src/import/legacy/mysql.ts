import { withoutSecrets } from '@teamtalk/service-kit';
import mysql from 'mysql2/promise';
import { Failure } from '../../failure.js';

const connectMs = 10_000;

/** A value as mysql2 returns it: numbers, text, and bytes of columns that are cast to BINARY. */
export type LegacyValue = number | string | Buffer | null;

/** The legacy MySQL or MariaDB, which is only read. */
export class LegacyDatabase {
  readonly #pool: mysql.Pool;
  readonly #where: string;
  readonly #columns: ReadonlyMap<string, ReadonlySet<string>>;

  private constructor(pool: mysql.Pool, where: string, columns: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#pool = pool;
    this.#where = where;
    this.#columns = columns;
  }

  /**
   * @param connections most connections at a time
   * @throws Failure that says what is wrong with the URL, the account or the database
   */
  static async open(url: string, connections: number): Promise<LegacyDatabase> {
    const where = `MySQL at ${withoutSecrets(url)}`;
    let pool: mysql.Pool;
    try {
      pool = mysql.createPool({
        uri: url,
        charset: 'utf8mb4',
        connectionLimit: connections,
        connectTimeout: connectMs,
        enableKeepAlive: true,
      });
    } catch (error) {
      throw new Failure(`${where} is not a URL such as mysql://user:password@host:3306/teamtalk`, {
        cause: error,
      });
    }
    // A guard besides the account's rights: nothing here may ever write.
    pool.pool.on('connection', (connection) => connection.query('SET SESSION TRANSACTION READ ONLY'));
    try {
      const [rows] = await pool.query<mysql.RowDataPacket[][]>({
        sql: 'SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()',
        rowsAsArray: true,
      });
      const columns = new Map<string, Set<string>>();
      for (const [table, column] of rows as unknown as [string, string][]) {
        columns.set(table, (columns.get(table) ?? new Set()).add(column));
      }
      return new LegacyDatabase(pool, where, columns);
    } catch (error) {
      await pool.end();
      throw sourceFailure(where, error);
    }
  }

  hasTable(table: string): boolean {
    return this.#columns.has(table);
  }

  hasColumn(table: string, column: string): boolean {
    return this.#columns.get(table)?.has(column) ?? false;
  }

  /** All tables, in alphabetical order. */
  tables(): string[] {
    return [...this.#columns.keys()].sort();
  }

  columnsOf(table: string): string[] {
    return [...(this.#columns.get(table) ?? [])];
  }

  /** @throws Failure when the server refuses, or goes away */
  async rows<Row extends LegacyValue[]>(sql: string, values: LegacyValue[] = []): Promise<Row[]> {
    try {
      const [rows] = await this.#pool.query<mysql.RowDataPacket[][]>({ sql, values, rowsAsArray: true });
      return rows as unknown as Row[];
    } catch (error) {
      throw sourceFailure(this.#where, error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function sourceFailure(where: string, error: unknown): Failure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === 'ER_ACCESS_DENIED_ERROR' || code === 'ER_DBACCESS_DENIED_ERROR') {
    return new Failure(`${where} refuses this account: ${message}`, cause);
  }
  if (code === 'ER_BAD_DB_ERROR') return new Failure(`${where} has no such database: ${message}`, cause);
  if (code.startsWith('ER_')) return new Failure(`${where}: ${message}`, cause);
  return new Failure(
    `${where} does not answer (${code || message}). Nothing is lost: the same command continues where it was.`,
    cause,
  );
}
