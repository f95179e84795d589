import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

export interface OfflineFileRow {
  task_id: string;
  from_id: number;
  to_id: number;
  name: string;
  size: number;
}

/** Most files in one list, the oldest ones; the others follow when these have been fetched. */
const maxListed = 500;

const columns = 'id AS task_id, from_id, to_id, name, size::float8 AS size';
const waits = 'completed_at IS NOT NULL AND expires_at > now()';

/** Lease of a claimed announcement; afterwards another caller may claim it. */
const claim = `now() + interval '10 s'`;

const announce: Statement = {
  name: 'offline_file_announce',
  text: `
    UPDATE file_task SET
      announce_at = CASE WHEN completed_at IS NULL THEN now() ELSE ${claim} END, name = coalesce(nullif($4, ''), name)
    WHERE id = $1 AND from_id = $2 AND to_id = $3 AND offline AND expires_at > now()
    RETURNING ${columns}, completed_at IS NOT NULL AS complete`,
};

const claimDue: Statement = {
  name: 'offline_file_claim_due',
  text: `
    WITH due AS (
      SELECT id AS due_id FROM file_task
      WHERE announce_at <= now() AND ${waits} ORDER BY announce_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    UPDATE file_task SET announce_at = ${claim} FROM due WHERE id = due_id RETURNING ${columns}`,
};

const confirm: Statement = {
  name: 'offline_file_confirm',
  text: `
    UPDATE file_task SET announce_at = NULL WHERE id = ANY($1::text[]) AND completed_at IS NOT NULL RETURNING id`,
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
    WHERE id = $1 AND from_id = $2 AND to_id = $3 AND ${waits} RETURNING ${columns}`,
};

/** Files that wait for their receivers: tasks with a complete upload. */
export class OfflineFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Handles the sender's request to notify the receiver. If the upload is complete, the caller must notify and confirm;
   * otherwise the announcement is claimed by some caller once it is.
   * @param name of the file from now on; empty: as before
   * @returns undefined if the sender has no such upload
   */
  async announce(
    taskId: string,
    fromUserId: number,
    toUserId: number,
    name: string,
  ): Promise<(OfflineFileRow & { complete: boolean }) | undefined> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return undefined;
    const values = [taskId, fromUserId, toUserId, name];
    const [row] = await this.#database.query<OfflineFileRow & { complete: boolean }>(announce, values);
    return row;
  }

  /** Claims the due announcements for 10 s. */
  async claimAnnouncements(limit: number): Promise<OfflineFileRow[]> {
    return this.#database.query<OfflineFileRow>(claimDue, [limit]);
  }

  /** Confirms that the receivers have been notified. */
  async confirmAnnouncements(taskIds: readonly string[]): Promise<boolean> {
    return (await this.#database.query(confirm, [taskIds])).length > 0;
  }

  /** Files that wait for a user, oldest first. */
  async waitingFor(userId: number): Promise<OfflineFileRow[]> {
    if (!isStorableId(userId)) return [];
    return this.#database.query<OfflineFileRow>(list, [userId]);
  }

  /**
   * Removes a file from its receiver's list by expiring the task; a file_server later deletes its blobs.
   * @param address the receiver's
   * @returns whether it was listed
   */
  async delete(taskId: string, fromUserId: number, toUserId: number, address: string): Promise<boolean> {
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return false;
    const actor = { name: `user ${toUserId}`, asUser: 0, source: address };
    return this.#database.transaction('delete_offline_file', async (query) => {
      const [file] = await query<OfflineFileRow>(remove, [taskId, fromUserId, toUserId]);
      if (!file) return false;
      // Not first: no administrator waits for a file, and requests for others' files do not keep administrators waiting.
      const record = await openAudit(query, actor);
      const before = { fromUserId, toUserId, name: file.name, size: file.size };
      await record({ verb: 'file.delete', resource: `file ${taskId}`, before });
      return true;
    });
  }
}
