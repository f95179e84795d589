import type { Actor } from '../../actor.js';
import type { Query } from '../../database/database.js';
import { isStorableId } from '../../database/ids.js';
import * as sql from './bulk-statements.js';

/** What is to be done with the chosen users. */
export type BulkChange =
  /** @param departmentId 0: no department */
  | { kind: 'move'; departmentId: number }
  /** @param successorId gets the groups that they own; 0: the longest-standing members */
  | { kind: 'leave'; keepGroups: boolean; successorId: number };

/** Why no users can be chosen for a change. */
export type Unchoosable = 'nobody' | 'unknown-department' | 'unknown-successor';

/** Makes an import whose rows are these users, each with what would be done. @returns its id */
export async function chooseUsers(
  query: Query,
  change: BulkChange,
  userIds: readonly number[],
  { name }: Actor,
): Promise<number | Unchoosable> {
  const { departmentId, keepGroups, successorId } = {
    departmentId: null,
    keepGroups: true,
    successorId: 0,
    ...change,
  };
  if (
    departmentId &&
    !(isStorableId(departmentId) && (await query(sql.department, [departmentId])).length > 0)
  )
    return 'unknown-department';
  if (successorId !== 0) {
    if (userIds.includes(successorId) || !isStorableId(successorId)) return 'unknown-successor';
    if ((await query(sql.presentUser, [successorId])).length === 0) return 'unknown-successor';
  }
  if ((await query(sql.anyUser, [userIds])).length === 0) return 'nobody';
  const values = [name, change.kind, departmentId, keepGroups, successorId];
  const [created] = await query<{ id: number }>(sql.create, values);
  const { id } = created as { id: number };
  const fields = change.kind === 'move' ? { departmentId } : { disabled: true };
  await query(sql.putRows, [id, userIds, JSON.stringify(fields), departmentId]);
  return id;
}
