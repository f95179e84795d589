import type { QueryResultRow } from 'pg';
import type { Database, Statement } from '../database/database.js';
import { currentEtag, isEtag, sameSince } from './list-changes.js';

export interface Changes<Row> {
  rows: Row[];
  /** unix seconds: `since` of the next request, so that no change is missed; some may be returned twice */
  watermark: number;
  /** for `isUnchanged` */
  etag: string;
}

export interface SyncedTableOptions {
  /** has `updated_at`, stamped by the trigger touch_updated_at */
  table: 'im_user' | 'department';
  /** in SQL */
  columns: string;
  /** in SQL: the rows of a full list */
  present: string;
}

/**
 * A table that clients keep a copy of and synchronise by time.
 *
 * Every change before the watermark is visible; later ones are returned by a request with the watermark as `since`. A
 * change that commits after a request but was written before it must not be missed, so the watermark is earlier than
 * the start of every transaction that may be writing to the table now: these hold its lock until they end. The trigger
 * stamps rows with the time of writing, so a transaction that takes the lock later stamps later. A writer whose start
 * is not visible (another role's) counts as an hour old. Two more seconds allow for clocks that are set back.
 */
export class SyncedTable<Row extends QueryResultRow> {
  readonly #database: Database;
  /** Runs before the changes are read, as a statement of its own. */
  readonly #watermark: Statement;
  readonly #everything: Statement;
  readonly #changedSince: Statement;
  readonly #unchanged: Statement;

  constructor(database: Database, { table, columns, present }: SyncedTableOptions) {
    this.#database = database;
    this.#watermark = {
      name: `${table}_sync_mark`,
      text: `
        SELECT floor(extract(epoch FROM
          least(clock_timestamp(), min(coalesce(a.xact_start, clock_timestamp() - interval '1 hour')))
        ))::float8 - 2 AS watermark, ${currentEtag(table)} AS etag
        FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.relation = '${table}'::regclass AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`,
    };
    this.#unchanged = {
      name: `${table}_unchanged`,
      text: `SELECT ${sameSince(table, '$1::text')} AS unchanged`,
    };
    this.#everything = {
      name: `${table}_everything`,
      text: `SELECT ${columns} FROM ${table} WHERE ${present} ORDER BY id`,
    };
    this.#changedSince = {
      name: `${table}_changed_since`,
      text: `SELECT ${columns} FROM ${table} WHERE updated_at >= to_timestamp($1::float8) ORDER BY id`,
    };
  }

  /**
   * Rows that changed since, including ones no longer present; ascending by id.
   * @param since unix seconds; 0: everything that is present
   */
  async changes(since: number): Promise<Changes<Row>> {
    const [row] = await this.#database.query<{ watermark: number; etag: string }>(this.#watermark, []);
    const rows = await (since === 0
      ? this.#database.query<Row>(this.#everything, [])
      : this.#database.query<Row>(this.#changedSince, [since]));
    return { rows, watermark: row?.watermark ?? since, etag: row?.etag ?? '' };
  }

  /**
   * Whether `changes` would return the same rows; the watermark may stay as it is.
   * @param etag from `changes`, at most a minute old; false for any other text
   */
  async isUnchanged(etag: string): Promise<boolean> {
    if (!isEtag(etag)) return false;
    const [row] = await this.#database.query<{ unchanged: boolean }>(this.#unchanged, [etag]);
    return row?.unchanged === true;
  }
}
