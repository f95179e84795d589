import type { Database, Statement } from '../database/database.js';
import { userHasLeft } from '../entities/index.js';
import { isStorableId } from './ids.js';
import { type UserRow, userColumns } from './user-rows.js';

/**
 * Before this moment every change is visible; a later one is seen by asking for what changed since. A
 * change that is committed later than it was made would fall between two questions, so the moment lies
 * before the begin of every transaction that may be writing to the table now: they hold its lock until
 * they end. The trigger stamps changes with the time of writing, not of their transaction's begin, so one
 * that takes the lock later stamps later. A writer whose begin we may not see (another role's) counts as an
 * hour old. Two seconds more are for clocks that are set back.
 *
 * To be asked before the changes themselves, in a statement of its own.
 */
const syncMark: Statement = {
  name: 'users_sync_mark',
  text: `
    SELECT floor(extract(epoch FROM
      least(clock_timestamp(), min(coalesce(a.xact_start, clock_timestamp() - interval '1 hour')))
    ))::float8 - 2 AS mark
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'relation' AND l.relation = 'im_user'::regclass AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`,
};

const everybody: Statement = {
  name: 'users_everybody',
  text: `SELECT ${userColumns} FROM im_user WHERE status <> ${userHasLeft} ORDER BY id`,
};

const changedSince: Statement = {
  name: 'users_changed_since',
  text: `SELECT ${userColumns} FROM im_user WHERE updated_at >= to_timestamp($1::float8) ORDER BY id`,
};

const byIds: Statement = {
  name: 'users_by_ids',
  text: `SELECT ${userColumns} FROM im_user WHERE id = ANY ($1::int4[]) ORDER BY id`,
};

const byName: Statement = {
  name: 'users_by_name',
  text: `SELECT ${userColumns} FROM im_user WHERE name = $1`,
};

export interface UserChanges {
  users: UserRow[];
  /** unix seconds: what to ask with next time so that no change is missed; some may come twice */
  mark: number;
}

/** What may be known of users by their colleagues. */
export class Users {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Who changed since, those who left included; ascending by id.
   * @param since unix seconds; 0: everybody who has not left
   */
  async changes(since: number): Promise<UserChanges> {
    const [row] = await this.#database.query<{ mark: number }>(syncMark, []);
    const users = await (since === 0
      ? this.#database.query<UserRow>(everybody, [])
      : this.#database.query<UserRow>(changedSince, [since]));
    return { users, mark: row?.mark ?? since };
  }

  /** Those of the ids that exist, ascending; also who has left. */
  byIds(ids: readonly number[]): Promise<UserRow[]> {
    return this.#database.query<UserRow>(byIds, [ids.filter(isStorableId)]);
  }

  async byName(name: string): Promise<UserRow | undefined> {
    return (await this.#database.query<UserRow>(byName, [name]))[0];
  }
}
