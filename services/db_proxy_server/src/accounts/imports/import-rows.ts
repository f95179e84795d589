import type { Query, Statement } from '../../database/database.js';
import { departmentsByName } from './departments-by-name.js';
import type { Existing, Fault, FindDepartment, ImportedFields, ImportOutcome } from './judge-row.js';
import * as sql from './statements.js';

/** `file`: rows of a file; `move`, `leave`: a bulk change of users chosen in the console */
type ImportKind = 'file' | 'move' | 'leave';

export interface ImportRow {
  id: number;
  kind: ImportKind;
  /** empty for a bulk change */
  file_name: string;
  created_by: string;
  /** unix seconds */
  created_at: number;
  /** where users are moved; 0: to no department; null: they are not moved */
  department_id: number | null;
  /** whether leavers stay in their groups */
  keep_groups: boolean;
  /** who gets the groups of leavers; null: the longest-standing members */
  successor_id: number | null;
  begun: boolean;
  reverted: boolean;
  rows: number;
  creates: number;
  changes: number;
  leaves: number;
  same: number;
  errors: number;
  done: number;
  /** rows with something left to do besides the change of the user */
  pending: number;
  undone: number;
  kept: number;
}

interface FoundUser extends Required<ImportedFields> {
  id: number;
  name: string;
  takenBack: boolean;
}

/** Outcome of a row, as the statement takes it. */
export interface Settled {
  row_no: number;
  state: number;
  outcome?: ImportOutcome;
  faults?: Fault[];
  user_id?: number;
  before?: object;
  after?: object;
  to_do?: ToDo;
}

/** What is left to do for a row: nothing, end the leaver's connections, take them out of their groups, or put them back. */
export type ToDo = 0 | 1 | 2 | 3;

/** Stores the outcomes of rows. @returns their import */
export async function settle(
  query: Query,
  importId: number,
  settled: readonly Settled[],
): Promise<ImportRow> {
  await query(sql.settleRows, [importId, JSON.stringify(settled)]);
  await query(sql.recount, [importId]);
  const [row] = await query<ImportRow>(sql.oneImport, [importId]);
  return row as ImportRow;
}

export async function changeUsers(query: Query, changes: readonly object[]): Promise<void> {
  if (changes.length > 0) await query(sql.changeUsers, [JSON.stringify(changes)]);
}

export async function departmentsNow(query: Query): Promise<FindDepartment> {
  return departmentsByName(await query<{ id: number; name: string; parent_id: number }>(sql.departments, []));
}

/** The existing users among those wanted, by name. @param wanted names or ids, as the statement takes them */
export async function existing(
  query: Query,
  statement: Statement,
  wanted: readonly string[] | readonly number[],
): Promise<Map<string, Existing>> {
  const rows = await query<FoundUser>(statement, [wanted]);
  return new Map(rows.map(({ id, name, takenBack, ...fields }) => [name, { id, takenBack, fields }]));
}

/** Locks users. @returns them by id */
export async function existingById(query: Query, ids: readonly number[]): Promise<Map<number, Existing>> {
  const users = await existing(query, sql.lockUsers, ids);
  return new Map(Array.from(users.values(), (user) => [user.id, user]));
}
