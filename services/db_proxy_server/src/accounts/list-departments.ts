import type { teamtalk } from '@teamtalk/rpc';
import { coalesce } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

/** Departments changed since a moment (0x0210; client-behaviour.md#lists-since-a-time). */
export function listDepartments({
  departments,
}: Context): (request: teamtalk.db.ListUsersRequest) => Promise<teamtalk.db.DepartmentList.$Properties> {
  const changes = coalesce((since) => departments.changes(since));
  return async ({ updatedSince, knownEtag }) => {
    if (knownEtag && (await departments.isUnchanged(knownEtag))) return { unchanged: true };
    const { rows, watermark, etag } = await changes(updatedSince);
    return {
      departments: rows.map((row) => ({
        deptId: row.id,
        priority: row.priority,
        deptName: row.name,
        parentDeptId: row.parent_id,
        deptStatus: row.status,
      })),
      latestUpdateTime: watermark,
      etag,
    };
  };
}
