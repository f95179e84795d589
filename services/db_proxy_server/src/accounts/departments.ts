import type { Database } from '../database/database.js';
import { type Changes, SyncedTable } from './synced-table.js';

export interface DepartmentRow {
  id: number;
  name: string;
  /** 0: at the top */
  parent_id: number;
  priority: number;
  /** 0 exists, 1 deleted */
  status: number;
}

export class Departments {
  readonly #synced: SyncedTable<DepartmentRow>;

  constructor(database: Database) {
    this.#synced = new SyncedTable(database, {
      table: 'department',
      columns: 'id, name, parent_id, priority, status',
      present: 'status = 0',
    });
  }

  /**
   * Departments that changed since, including deleted ones; ascending by id.
   * @param since unix seconds; 0: all that exist
   */
  changes(since: number): Promise<Changes<DepartmentRow>> {
    return this.#synced.changes(since);
  }

  /** Whether `changes` would still return the same rows. @param etag from `changes`, at most a minute old */
  isUnchanged(etag: string): Promise<boolean> {
    return this.#synced.isUnchanged(etag);
  }
}
