import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { isChanged, requireText, type SaveOutcome } from '../administration/changes.js';
import { changesOf, openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { clampToStorable, isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

/** Fields an administrator can set; null leaves a field unchanged, or at its default in a new department. */
export interface DepartmentFields {
  name: string | null;
  /** 0: at the top */
  parentId: number | null;
  priority: number | null;
}

export interface DepartmentRow {
  id: number;
  name: string;
  parent_id: number;
  priority: number;
}

const list: Statement = {
  name: 'admin_departments',
  text: 'SELECT id, name, parent_id, priority FROM department WHERE status = 0 ORDER BY id',
};

// Serialises changes of the tree, so that a parent cannot be deleted or moved below its own child concurrently.
export const lockTree: Statement = {
  name: 'admin_lock_departments',
  text: 'SELECT pg_advisory_xact_lock(29813, 1)',
};

const exists: Statement = {
  name: 'admin_department_exists',
  text: 'SELECT id FROM department WHERE id = $1 AND status = 0',
};

export const isBelow: Statement = {
  name: 'admin_department_is_below',
  text: `
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM department WHERE id = $1
      UNION SELECT d.id, d.parent_id FROM department d JOIN above ON d.id = above.parent_id
    )
    SELECT id FROM above WHERE id = $2`,
};

const create: Statement = {
  name: 'admin_create_department',
  text: `
    INSERT INTO department (name, parent_id, priority)
    VALUES ($1, coalesce($2::int4, 0), coalesce($3::int4, 0)) RETURNING id`,
};

const change: Statement = {
  name: 'admin_change_department',
  text: `
    UPDATE department SET name = coalesce($2, name), parent_id = coalesce($3::int4, parent_id),
      priority = coalesce($4::int4, priority)
    WHERE id = $1 AND status = 0 RETURNING id`,
};

export const lockRow: Statement = {
  name: 'admin_lock_department',
  text: 'SELECT id, name, parent_id, priority FROM department WHERE id = $1 AND status = 0 FOR UPDATE',
};

const inUse: Statement = {
  name: 'admin_department_in_use',
  text: `
    SELECT 1 WHERE EXISTS (SELECT FROM department WHERE parent_id = $1 AND status = 0)
      OR EXISTS (SELECT FROM im_user WHERE department_id = $1 AND status <> ${userHasLeft})`,
};

export const remove: Statement = {
  name: 'admin_delete_department',
  text: 'UPDATE department SET status = 1 WHERE id = $1 RETURNING id',
};

/** Administration of the department tree. */
export class DepartmentAdministration {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): Promise<DepartmentRow[]> {
    return this.#database.query<DepartmentRow>(list, []);
  }

  /** @throws TeamTalkError `invalid-argument` when the name cannot be one */
  async create(query: Query, fields: DepartmentFields, actor: Actor): Promise<SaveOutcome> {
    const { name, parentId, priority } = fields;
    if (name === null) throw new TeamTalkError('invalid-argument', 'a department needs a name');
    requireText('a name', name, 1, 64);
    const record = await openAudit(query, actor);
    await query(lockTree, []);
    if (!(await parentExists(query, parentId))) return { result: 'unknown-department' };
    const [row] = await query<{ id: number }>(create, [name, parentId, clamped(priority)]);
    if (!row) return { result: 'conflict' };
    await record({ verb: 'department.create', resource: `department ${row.id}`, after: setFields(fields) });
    return { result: 'saved', id: row.id };
  }

  /**
   * @param expected fields as the caller has read them; `changed` when one is different now
   * @throws TeamTalkError `invalid-argument` when the name cannot be one
   */
  async change(
    id: number,
    fields: DepartmentFields,
    actor: Actor,
    expected?: DepartmentFields,
  ): Promise<SaveOutcome> {
    const { name, parentId, priority } = fields;
    requireText('a name', name, 1, 64);
    if (!isStorableId(id)) return { result: 'not-found' };
    return this.#database.transaction('change_department', async (query) => {
      const record = await openAudit(query, actor);
      await query(lockTree, []);
      if (!(await parentExists(query, parentId))) return { result: 'unknown-department' };
      const circle = parentId !== null && (await query(isBelow, [parentId, id])).length > 0;
      if (circle) return { result: 'unknown-department' };
      const [current] = await query<DepartmentRow>(lockRow, [id]);
      if (!current) return { result: 'not-found' };
      if (isChanged(fieldsOf(current), expected)) return { result: 'changed' };
      await query(change, [id, name, parentId, clamped(priority)]);
      const changes = changesOf(fieldsOf(current), fields);
      if (changes) await record({ verb: 'department.change', resource: `department ${id}`, ...changes });
      return { result: 'saved', id };
    });
  }

  /** Deletes a department; `conflict` while it has subdepartments or members. */
  async delete(id: number, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    return this.#database.transaction('delete_department', async (query) => {
      const record = await openAudit(query, actor);
      await query(lockTree, []);
      const [current] = await query<DepartmentRow>(lockRow, [id]);
      if (!current) return { result: 'not-found' };
      if ((await query(inUse, [id])).length > 0) return { result: 'conflict' };
      await query(remove, [id]);
      await record({ verb: 'department.delete', resource: `department ${id}`, before: fieldsOf(current) });
      return { result: 'saved', id };
    });
  }
}

export async function parentExists(query: Query, id: number | null): Promise<boolean> {
  if (id === null || id === 0) return true;
  return isStorableId(id) && (await query(exists, [id])).length > 0;
}

function fieldsOf({ name, parent_id: parentId, priority }: DepartmentRow): DepartmentFields {
  return { name, parentId, priority };
}

function clamped(priority: number | null): number | null {
  return priority === null ? null : clampToStorable(priority);
}
