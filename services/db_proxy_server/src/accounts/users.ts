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

/** What users can see of each other. */
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
   * Users that changed since, including disabled ones; ascending by id.
   * @param since unix seconds; 0: everybody who is not disabled
   */
  changes(since: number): Promise<Changes<UserRow>> {
    return this.#synced.changes(since);
  }

  /** Whether `changes` would still return the same rows. @param etag from `changes`, at most a minute old */
  isUnchanged(etag: string): Promise<boolean> {
    return this.#synced.isUnchanged(etag);
  }

  /** The users with these ids that exist, ascending, including disabled ones. */
  byIds(ids: readonly number[]): Promise<UserRow[]> {
    return this.#database.query<UserRow>(byIds, [ids.filter(isStorableId)]);
  }

  async byName(name: string): Promise<UserRow | undefined> {
    return (await this.#database.query<UserRow>(byName, [name]))[0];
  }
}
