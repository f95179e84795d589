import type { Database, Statement } from '../database/database.js';
import { userHasLeft } from '../entities/index.js';
import { isStorableId } from './ids.js';

export interface OfflineFile {
  taskId: string;
  fromUserId: number;
  toUserId: number;
  /** what the sender's client calls it */
  name: string;
  /** bytes, below 4 GiB */
  size: number;
}

export interface OfflineFileRow {
  task_id: string;
  from_id: number;
  to_id: number;
  name: string;
  size: number;
}

/** Files of one sender that may wait for one receiver. */
const maxWaiting = 200;
/** Files in one list, those that wait longest: the others follow when they have been fetched. */
const maxListed = 500;

const add: Statement = {
  name: 'offline_file_add',
  text: `
    INSERT INTO offline_file (task_id, from_id, to_id, name, size)
    SELECT $1::text, $2::int4, $3::int4, $4::text, $5::int8
    WHERE (SELECT count(*) FROM im_user WHERE id IN ($2, $3) AND status <> ${userHasLeft})
        = CASE WHEN $2::int4 = $3::int4 THEN 1 ELSE 2 END
      AND (SELECT count(*) FROM offline_file WHERE to_id = $3 AND from_id = $2) < ${maxWaiting}
    ON CONFLICT (task_id) DO NOTHING`,
};

const find: Statement = {
  name: 'offline_file_find',
  text: 'SELECT task_id FROM offline_file WHERE task_id = $1 AND from_id = $2 AND to_id = $3',
};

const list: Statement = {
  name: 'offline_file_list',
  text: `
    SELECT task_id, from_id, to_id, name, size::float8 AS size FROM offline_file
    WHERE to_id = $1 ORDER BY created_at, task_id LIMIT ${maxListed}`,
};

const remove: Statement = {
  name: 'offline_file_delete',
  text: 'DELETE FROM offline_file WHERE task_id = $1 AND from_id = $2 AND to_id = $3 RETURNING task_id',
};

/** Files that were uploaded for somebody who has not fetched them yet. */
export class OfflineFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * @returns whether it waits for its receiver now, also when it did before; false when one of the two does
   * not exist or has left, too many files wait, or the task is another transfer's
   */
  async add({ taskId, fromUserId, toUserId, name, size }: OfflineFile): Promise<boolean> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return false;
    await this.#database.query(add, [taskId, fromUserId, toUserId, name, size]);
    return (await this.#database.query(find, [taskId, fromUserId, toUserId])).length > 0;
  }

  /** What waits for a user, the oldest first. */
  async waitingFor(userId: number): Promise<OfflineFileRow[]> {
    if (!isStorableId(userId)) return [];
    return this.#database.query<OfflineFileRow>(list, [userId]);
  }

  /** Takes a file off its receiver's list. @returns whether it was on it */
  async delete(taskId: string, fromUserId: number, toUserId: number): Promise<boolean> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return false;
    return (await this.#database.query(remove, [taskId, fromUserId, toUserId])).length > 0;
  }
}
