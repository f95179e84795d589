import { withDeadline } from '@teamtalk/service-kit';
import { Redis } from 'ioredis';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { Failure } from '../failure.js';
import type { RedisPool } from '../import/legacy-config.js';
import type { LegacyPlaces } from '../import/places.js';
import { ahead } from './ahead.js';

const pageRows = 10_000;
const scanCount = 1_000;
/** Deadline for a query, milliseconds. */
const answerMs = 600_000;
export type OldRow = Record<string, unknown>;

/** Reads the old store in pages, each by a statement of its own: no transaction stays open on the old server. */
export class OldStore {
  readonly #mysql: Connection;
  readonly #tables: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #places: LegacyPlaces;
  /** called before every read, to limit the load */
  readonly rest: () => Promise<void>;

  /** @throws Failure when it cannot be reached */
  static async open(places: LegacyPlaces, rest: () => Promise<void>): Promise<OldStore> {
    try {
      const mysql = await createConnection({
        uri: places.mysql,
        charset: 'utf8mb4',
        supportBigNumbers: true,
        enableKeepAlive: true,
        keepAliveInitialDelay: 10_000,
      });
      const [columns] = await mysql.query<RowDataPacket[]>(
        'SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()',
      );
      const tables = new Map<string, Set<string>>();
      for (const { t, c } of columns as { t: string; c: string }[]) {
        tables.set(t, (tables.get(t) ?? new Set()).add(c.toLowerCase()));
      }
      return new OldStore({ mysql, tables, places, rest });
    } catch (error) {
      throw new Failure(`the old MySQL cannot be read: ${(error as Error).message}`);
    }
  }

  private constructor(of: {
    mysql: Connection;
    tables: Map<string, Set<string>>;
    places: LegacyPlaces;
    rest(): Promise<void>;
  }) {
    this.#mysql = of.mysql;
    this.#tables = of.tables;
    this.#places = of.places;
    this.rest = of.rest;
  }

  /** the tenant that was imported; undefined: all */
  get project(): number | undefined {
    return this.#places.project;
  }

  /** SQL of a column `other`: whether a row belongs to another project. */
  other(table: string): string {
    const isOther = this.project !== undefined && this.hasColumn(table, 'pid');
    return `${isOther ? `pid <> ${this.project}` : '0'} AS other`;
  }

  hasTable(table: string): boolean {
    return this.#tables.has(table);
  }

  hasColumn(table: string, column: string): boolean {
    return this.#tables.get(table)?.has(column.toLowerCase()) ?? false;
  }

  /** @throws Failure when the server refuses the query, disconnects, or does not respond in time */
  async query<Row extends object = OldRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    await this.rest();
    try {
      const query = this.#mysql.query<RowDataPacket[]>(sql, values);
      const [rows] = await withDeadline(query, answerMs, 'a query');
      return rows as unknown as Row[];
    } catch (error) {
      this.#mysql.destroy();
      throw new Failure(`the old MySQL cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }

  /** All rows of a table in the order of their ids; none where there is no such table. `columns` has `id`. */
  pages<Row extends { id: number }>(table: string, columns: string): AsyncGenerator<Row[]> {
    return ahead(this.#pages<Row>(table, columns));
  }

  async *#pages<Row extends { id: number }>(table: string, columns: string): AsyncGenerator<Row[]> {
    if (!this.hasTable(table)) return;
    for (let after = -1; ; ) {
      const rows = await this.query<Row>(
        `SELECT ${columns} FROM ${table} WHERE id > ? ORDER BY id LIMIT ${pageRows}`,
        [after],
      );
      if (rows.length > 0) yield rows;
      if (rows.length < pageRows) return;
      after = rows.at(-1)!.id;
    }
  }

  /** The rows one by one. */
  async *rows<Row extends { id: number }>(table: string, columns: string): AsyncGenerator<Row> {
    for await (const page of this.pages<Row>(table, columns)) yield* page;
  }

  /** The keys of a pool that a pattern of SCAN matches, each once for every time the scan gives it. */
  async *keys(pool: RedisPool, pattern: string): AsyncGenerator<{ redis: Redis; keys: string[] }> {
    const redis = new Redis(this.#places.redis[pool], {
      lazyConnect: true,
      maxRetriesPerRequest: 1,
      commandTimeout: answerMs,
      retryStrategy: () => null,
    });
    redis.on('error', () => {});
    try {
      await redis.connect();
      for (let cursor = '0'; ; ) {
        await this.rest();
        const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', scanCount);
        if (keys.length > 0) yield { redis, keys };
        if (next === '0') return;
        cursor = next;
      }
    } catch (error) {
      throw new Failure(`the old Redis cannot be read: ${(error as Error).message}`);
    } finally {
      redis.disconnect();
    }
  }

  /** The fields of all hashes of a form: `match` takes the numbers out of the key. */
  async *fields(
    pool: RedisPool,
    pattern: string,
    match: RegExp,
  ): AsyncGenerator<{ numbers: number[]; field: string; value: string }> {
    for await (const { redis, keys } of this.keys(pool, pattern)) {
      const own = keys.filter((key) => match.test(key));
      await this.rest();
      const hashes = await Promise.all(own.map((key) => redis.hgetall(key))).catch((error: unknown) => {
        throw new Failure(`the old Redis cannot be read: ${(error as Error).message}`, { cause: error });
      });
      for (const [index, key] of own.entries()) {
        const numbers = match.exec(key)!.slice(1).map(Number);
        for (const [field, value] of Object.entries(hashes[index]!)) yield { numbers, field, value };
      }
    }
  }

  async close(): Promise<void> {
    await this.#mysql.end();
  }
}
