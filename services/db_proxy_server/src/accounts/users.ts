import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import { type Changes, SyncedTable } from './synced-table.js';
import { type UserRow, userColumns } from './user-rows.js';

const byIds: Statement = {
  name: 'users_by_ids',
  text: `SELECT ${userColumns} FROM im_user WHERE id = ANY ($1::int4[]) ORDER BY id`,
};

const byName: Statement = {
  name: 'users_by_name',
  text: `SELECT ${userColumns} FROM im_user WHERE name = $1`,
};

/** What may be known of users by their colleagues. */
export class Users {
  readonly #database: Database;
  readonly #synced: SyncedTable<UserRow>;

  constructor(database: Database) {
    this.#database = database;
    this.#synced = new SyncedTable(database, {
      table: 'im_user',
      columns: userColumns,
      present: `status <> ${userHasLeft}`,
    });
  }

  /**
   * Who changed since, those who left included; ascending by id.
   * @param since unix seconds; 0: everybody who has not left
   */
  changes(since: number): Promise<Changes<UserRow>> {
    return this.#synced.changes(since);
  }

  /** Whether `changes` would still give what it gave with this etag, at most a minute ago. */
  isUnchanged(etag: string): Promise<boolean> {
    return this.#synced.isUnchanged(etag);
  }

  /** Those of the ids that exist, ascending; also who has left. */
  byIds(ids: readonly number[]): Promise<UserRow[]> {
    return this.#database.query<UserRow>(byIds, [ids.filter(isStorableId)]);
  }

  async byName(name: string): Promise<UserRow | undefined> {
    return (await this.#database.query<UserRow>(byName, [name]))[0];
  }
}
