import type { Query, Statement } from '../../database/database.js';
import { departmentsByName } from './departments-by-name.js';
import type { Existing, Fault, FindDepartment, ImportedFields, ImportOutcome } from './judge-row.js';
import * as sql from './statements.js';

export interface ImportRow {
  id: number;
  file_name: string;
  created_by: string;
  /** unix seconds */
  created_at: number;
  begun: boolean;
  reverted: boolean;
  rows: number;
  creates: number;
  changes: number;
  same: number;
  errors: number;
  done: number;
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
}

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
