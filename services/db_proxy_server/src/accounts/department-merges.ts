import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import {
  type DepartmentRow,
  isBelow,
  lockRow,
  lockTree,
  parentExists,
  remove,
} from './department-administration.js';

export type MergeOutcome =
  | { result: 'not-found' | 'unknown-department' }
  | {
      result: 'done';
      /** users moved by this call */
      moved: number;
      /** users to move by further calls; 0: the department is deleted */
      remaining: number;
    };

/** Users moved in one transaction. */
const usersAtATime = 1_000;

const moveDepartments: Statement = {
  name: 'merge_move_departments',
  text: 'UPDATE department SET parent_id = $2 WHERE parent_id = $1 AND status = 0 RETURNING id',
};

// Also those who have left: restored, they would be in a department that no longer exists.
const moveUsers: Statement = {
  name: 'merge_move_users',
  text: `
    WITH moving AS (
      SELECT id FROM im_user WHERE department_id = $1 ORDER BY id LIMIT ${usersAtATime} FOR NO KEY UPDATE
    )
    UPDATE im_user u SET department_id = $2 FROM moving WHERE u.id = moving.id RETURNING u.id`,
};

const countUsers: Statement = {
  name: 'merge_count_users',
  text: 'SELECT count(*)::int4 AS remaining FROM im_user WHERE department_id = $1',
};

/** Merges departments. */
export class DepartmentMerges {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Moves the departments below a department, and some of its users, into another one; the call that leaves no user deletes
   * the department. Call it until none remains. Each call is one transaction with one event.
   */
  async merge(id: number, intoId: number, actor: Actor): Promise<MergeOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    return this.#database.transaction('merge_department', async (query) => {
      const record = await openAudit(query, actor);
      await query(lockTree, []);
      const [current] = await query<DepartmentRow>(lockRow, [id]);
      if (!current) return { result: 'not-found' };
      if (intoId === 0 || !(await parentExists(query, intoId))) return { result: 'unknown-department' };
      if ((await query(isBelow, [intoId, id])).length > 0) return { result: 'unknown-department' };
      const departments = await query<{ id: number }>(moveDepartments, [id, intoId]);
      const users = await query<{ id: number }>(moveUsers, [id, intoId]);
      const [left] = await query<{ remaining: number }>(countUsers, [id]);
      const remaining = left?.remaining ?? 0;
      if (remaining === 0) await query(remove, [id]);
      await record({
        verb: 'department.merge',
        resource: `department ${id}`,
        before: { name: current.name, parentId: current.parent_id },
        after: {
          into: intoId,
          departmentIds: departments.map((row) => row.id),
          userIds: users.map((row) => row.id),
          deleted: remaining === 0,
        },
      });
      return { result: 'done', moved: users.length, remaining };
    });
  }
}
