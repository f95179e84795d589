import type { QueryResultRow } from 'pg';
import type { Database, Statement } from '../database/database.js';
import { currentEtag, sameSince } from './list-changes.js';

export interface Changes<Row> {
  rows: Row[];
  /** unix seconds: what to ask with next time so that no change is missed; some may come twice */
  mark: number;
  /** what to give to `isUnchanged` */
  etag: string;
}

export interface SyncedTableOptions {
  /** has `updated_at`, stamped by the trigger touch_updated_at */
  table: 'im_user' | 'department';
  /** in SQL */
  columns: string;
  /** in SQL: the rows that somebody who knows nothing yet must get */
  present: string;
}

/**
 * A table that clients keep a copy of, told of its changes by time.
 *
 * Before the mark every change is visible; a later one is seen by asking for what changed since. A change
 * that is committed later than it was made would fall between two questions, so the mark lies before the
 * begin of every transaction that may be writing to the table now: they hold its lock until they end. The
 * trigger stamps changes with the time of writing, not of their transaction's begin, so one that takes the
 * lock later stamps later. A writer whose begin we may not see (another role's) counts as an hour old. Two
 * seconds more are for clocks that are set back.
 */
export class SyncedTable<Row extends QueryResultRow> {
  readonly #database: Database;
  /** Asked before the changes themselves, in a statement of its own. */
  readonly #mark: Statement;
  readonly #everything: Statement;
  readonly #changedSince: Statement;
  readonly #unchanged: Statement;

  constructor(database: Database, { table, columns, present }: SyncedTableOptions) {
    this.#database = database;
    this.#mark = {
      name: `${table}_sync_mark`,
      text: `
        SELECT floor(extract(epoch FROM
          least(clock_timestamp(), min(coalesce(a.xact_start, clock_timestamp() - interval '1 hour')))
        ))::float8 - 2 AS mark, ${currentEtag(table)} AS etag
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
   * What changed since, also what is no longer present; ascending by id.
   * @param since unix seconds; 0: everything that is present
   */
  async changes(since: number): Promise<Changes<Row>> {
    const [row] = await this.#database.query<{ mark: number; etag: string }>(this.#mark, []);
    const rows = await (since === 0
      ? this.#database.query<Row>(this.#everything, [])
      : this.#database.query<Row>(this.#changedSince, [since]));
    return { rows, mark: row?.mark ?? since, etag: row?.etag ?? '' };
  }

  /**
   * Whether what `changes` gave is what it would give now, but for the mark, which may stay as it is.
   * @param etag its own; at most a minute old
   */
  async isUnchanged(etag: string): Promise<boolean> {
    const [row] = await this.#database.query<{ unchanged: boolean }>(this.#unchanged, [etag]);
    return row?.unchanged === true;
  }
}
