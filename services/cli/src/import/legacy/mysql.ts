import { withDeadline, withoutSecrets } from '@teamtalk/service-kit';
import mysql from 'mysql2/promise';
import { Failure } from '../../failure.js';
import { Pace } from './pace.js';

const connectMs = 10_000;
/** Idle time before TCP keep-alive probes begin, milliseconds. */
const probeMs = 10_000;
/** Deadline for a query that uses an index, milliseconds. */
const answerMs = 120_000;
/** Deadline for a query that reads a whole table, milliseconds. */
export const wholeTableMs = 4 * 3_600_000;

/** A value as mysql2 returns it: numbers, text, and bytes of columns that are cast to BINARY. */
export type LegacyValue = number | string | Buffer | null;

/** The legacy MySQL or MariaDB, which is only read. */
export class LegacyDatabase {
  /** limits the load on the old servers */
  readonly pace: Pace;
  /** the tenant (`pid`) that is imported; undefined: all */
  readonly project: number | undefined;
  readonly #pool: mysql.Pool;
  readonly #where: string;
  readonly #columns: ReadonlyMap<string, ReadonlySet<string>>;

  private constructor(of: {
    pace: Pace;
    project: number | undefined;
    pool: mysql.Pool;
    where: string;
    columns: ReadonlyMap<string, ReadonlySet<string>>;
  }) {
    this.pace = of.pace;
    this.project = of.project;
    this.#pool = of.pool;
    this.#where = of.where;
    this.#columns = of.columns;
  }

  /**
   * @param connections most connections at a time
   * @throws Failure that says what is wrong with the URL, the account or the database
   */
  static async open(
    url: string,
    connections: number,
    { pace = new Pace(100), project }: { pace?: Pace; project?: number | undefined } = {},
  ): Promise<LegacyDatabase> {
    const where = `MySQL at ${withoutSecrets(url)}`;
    let pool: mysql.Pool;
    try {
      pool = mysql.createPool({
        uri: url,
        charset: 'utf8mb4',
        connectionLimit: connections,
        connectTimeout: connectMs,
        enableKeepAlive: true,
        keepAliveInitialDelay: probeMs,
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
      return new LegacyDatabase({ pace, project, pool, where, columns });
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

  /** SQL condition: whether a row belongs to another project than the imported one. */
  isOther(table: string): string {
    return this.project !== undefined && this.hasColumn(table, 'pid') ? `pid <> ${this.project}` : 'FALSE';
  }

  /** All tables, in alphabetical order. */
  tables(): string[] {
    return [...this.#columns.keys()].sort();
  }

  columnsOf(table: string): string[] {
    return [...(this.#columns.get(table) ?? [])];
  }

  /** Size of the rows in the tables selected by `isMeant`, as estimated by the server, bytes. */
  async bytesOf(isMeant: (table: string) => boolean): Promise<number> {
    const rows = await this.rows<[string, number | string | null]>(
      'SELECT TABLE_NAME, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
    );
    return rows.reduce((sum, [table, bytes]) => sum + (isMeant(table) ? Number(bytes ?? 0) : 0), 0);
  }

  /** Runs a query once the pace allows. @throws Failure when the server refuses it, disconnects, or exceeds `timeout` ms */
  async rows<Row extends LegacyValue[]>(
    sql: string,
    values: LegacyValue[] = [],
    timeout = answerMs,
  ): Promise<Row[]> {
    await this.pace.rest();
    let connection: mysql.PoolConnection | undefined;
    try {
      connection = await this.#pool.getConnection();
      const query = connection.query<mysql.RowDataPacket[][]>({ sql, values, rowsAsArray: true });
      const [rows] = await withDeadline(query, timeout, 'a query');
      connection.release();
      return rows as unknown as Row[];
    } catch (error) {
      // A late reply would be taken for that of the next query.
      connection?.destroy();
      throw sourceFailure(this.#where, error);
    }
  }

  /**
   * Why this server may lack data of its master; undefined if it is up to date or has no master.
   *
   * @throws Failure as `rows`
   */
  async replicaProblem(): Promise<string | undefined> {
    try {
      return problemOf(await this.#replicaStatus());
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!code?.startsWith('ER_')) throw sourceFailure(this.#where, error);
      // Replicas are usually read-only, and so is a master that has been stopped for the cutover.
      const [row] = await this.rows<[number | string]>('SELECT @@global.read_only');
      if (/^(?:0|OFF)$/.test(String(row?.[0]))) return undefined;
      return `it may be a replica, and this account may not read its replication status: ${message}`;
    }
  }

  async #replicaStatus(): Promise<Record<string, unknown> | undefined> {
    const ask = async (sql: string) =>
      (await withDeadline(this.#pool.query<mysql.RowDataPacket[]>(sql), answerMs, sql))[0][0];
    return ask('SHOW SLAVE STATUS').catch((error: NodeJS.ErrnoException) => {
      // MySQL 8.4 and later.
      if (error.code === 'ER_PARSE_ERROR') return ask('SHOW REPLICA STATUS');
      throw error;
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function problemOf(status: Record<string, unknown> | undefined): string | undefined {
  if (status === undefined) return undefined;
  const value = (...names: string[]) => names.map((name) => status[name]).find((each) => each !== undefined);
  const isReading = value('Slave_IO_Running', 'Replica_IO_Running') === 'Yes';
  const isWriting = value('Slave_SQL_Running', 'Replica_SQL_Running') === 'Yes';
  const behind = value('Seconds_Behind_Master', 'Seconds_Behind_Source');
  if (!isReading || !isWriting) {
    const why = status.Last_IO_Error || status.Last_SQL_Error;
    return `it is a replica, and does not follow its master${why ? `: ${why}` : ''}`;
  }
  return Number(behind) === 0 ? undefined : `it is a replica, ${behind} s behind its master`;
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
