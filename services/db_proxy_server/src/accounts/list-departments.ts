import type { teamtalk } from '@teamtalk/rpc';
import { shareAnswers } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

/** Departments changed since a moment (0x0210; protocol notes, section 5). */
export function listDepartments({
  departments,
}: Context): (request: teamtalk.db.ListUsersRequest) => Promise<teamtalk.db.DepartmentList.$Properties> {
  const changes = shareAnswers((since) => departments.changes(since));
  return async ({ updatedSince, knownStamp }) => {
    if (knownStamp && (await departments.isUnchanged(knownStamp))) return { unchanged: true };
    const { rows, mark, stamp } = await changes(updatedSince);
    return {
      departments: rows.map((row) => ({
        deptId: row.id,
        priority: row.priority,
        deptName: row.name,
        parentDeptId: row.parent_id,
        deptStatus: row.status,
      })),
      latestUpdateTime: mark,
      stamp,
    };
  };
}
