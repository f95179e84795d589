import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

export interface OfflineFileRow {
  task_id: string;
  from_id: number;
  to_id: number;
  name: string;
  size: number;
}

/** Files in one list, those that wait longest: the others follow when they have been fetched. */
const maxListed = 500;

const columns = 'id AS task_id, from_id, to_id, name, size::float8 AS size';
const waits = 'completed_at IS NOT NULL AND expires_at > now()';

const find: Statement = {
  name: 'offline_file_find',
  text: `SELECT ${columns} FROM file_task WHERE id = $1 AND from_id = $2 AND to_id = $3 AND ${waits}`,
};

const list: Statement = {
  name: 'offline_file_list',
  text: `
    SELECT ${columns} FROM file_task
    WHERE to_id = $1 AND ${waits} ORDER BY completed_at, id LIMIT ${maxListed}`,
};

const remove: Statement = {
  name: 'offline_file_delete',
  text: `
    UPDATE file_task SET expires_at = now()
    WHERE id = $1 AND from_id = $2 AND to_id = $3 AND ${waits} RETURNING id`,
};

/** Files that were uploaded for somebody who has not fetched them yet: the tasks that are complete. */
export class OfflineFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A file of this sender that waits for this receiver. */
  async find(taskId: string, fromUserId: number, toUserId: number): Promise<OfflineFileRow | undefined> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return undefined;
    const [row] = await this.#database.query<OfflineFileRow>(find, [taskId, fromUserId, toUserId]);
    return row;
  }

  /** What waits for a user, the oldest first. */
  async waitingFor(userId: number): Promise<OfflineFileRow[]> {
    if (!isStorableId(userId)) return [];
    return this.#database.query<OfflineFileRow>(list, [userId]);
  }

  /**
   * Takes a file off its receiver's list. What is stored of it goes when a file_server next looks for tasks
   * that are over. @returns whether it was on it
   */
  async delete(taskId: string, fromUserId: number, toUserId: number): Promise<boolean> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return false;
    return (await this.#database.query(remove, [taskId, fromUserId, toUserId])).length > 0;
  }
}
