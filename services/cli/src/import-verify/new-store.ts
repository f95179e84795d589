import pg from 'pg';
import { Failure } from '../failure.js';
import { ahead } from './ahead.js';

const pageRows = 10_000;

/** Reads the new store in one snapshot. */
export class NewStore {
  readonly #client: pg.Client;
  readonly #rest: () => Promise<void>;
  #cursors = 0;

  /** @param rest called before every page, to limit the load. @throws Failure when the store cannot be reached */
  static async open(url: string, rest: () => Promise<void>): Promise<NewStore> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return new NewStore(client, rest);
    } catch (error) {
      await client.end().catch(() => {});
      throw new Failure(`the new database cannot be read: ${(error as Error).message}`);
    }
  }

  private constructor(client: pg.Client, rest: () => Promise<void>) {
    this.#client = client;
    this.#rest = rest;
  }

  async query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return (await this.#client.query<Row>(sql)).rows;
  }

  async has(table: string): Promise<boolean> {
    const [row] = await this.query<{ there: boolean }>(`SELECT to_regclass('${table}') IS NOT NULL AS there`);
    return row!.there;
  }

  /** The rows of a query, page by page. */
  pages<Row extends pg.QueryResultRow>(sql: string): AsyncGenerator<Row[]> {
    return ahead(this.#pages<Row>(sql));
  }

  async *#pages<Row extends pg.QueryResultRow>(sql: string): AsyncGenerator<Row[]> {
    const name = `verify_${++this.#cursors}`;
    await this.#client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      await this.#rest();
      const { rows } = await this.#client.query<Row>(`FETCH ${pageRows} FROM ${name}`);
      if (rows.length > 0) yield rows;
      if (rows.length < pageRows) break;
    }
    await this.#client.query(`CLOSE ${name}`);
  }

  async *rows<Row extends pg.QueryResultRow>(sql: string): AsyncGenerator<Row> {
    for await (const page of this.pages<Row>(sql)) yield* page;
  }

  async close(): Promise<void> {
    await this.#client.query('ROLLBACK').catch(() => {});
    await this.#client.end();
  }
}
