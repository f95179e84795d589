import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { pages } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

type DepartInfo = IM.BaseDefine.DepartInfo.$Properties;

/** 0x0210: the departments that changed since a time, those deleted included; all that exist since 0. */
export function listDepartments(context: Context): Handler {
  return request(
    context,
    Commands.BuddyListDepartmentRequest,
    async (connection, { latestUpdateTime }, seqNum) => {
      const reply = await context.pool.call(
        accounts.listDepartments,
        { updatedSince: latestUpdateTime },
        queryMs,
      );
      const departments = (reply.departments ?? []).map(
        (department): DepartInfo => ({
          deptId: department.deptId ?? 0,
          priority: department.priority ?? 0,
          deptName: department.deptName ?? '',
          parentDeptId: department.parentDeptId ?? 0,
          deptStatus: (department.deptStatus ?? 0) as IM.BaseDefine.DepartmentStatusType,
        }),
      );
      const answer = { userId: connection.userId, latestUpdateTime: reply.latestUpdateTime };
      return pages(connection, departments, encodedBytes).map((deptList) =>
        encodePdu(Commands.BuddyListDepartmentResponse, { ...answer, deptList }, seqNum),
      );
    },
  );
}

function encodedBytes(department: DepartInfo): number {
  return IM.BaseDefine.DepartInfo.encode(department).len + 5;
}
