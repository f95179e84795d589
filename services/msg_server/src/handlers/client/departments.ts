import { Commands, type IM } from '@teamtalk/protocol';
import { accounts, type teamtalk } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { conditionalCache } from './conditional-cache.js';
import { EncodedList, listByteCost } from './encoded-list.js';
import { type Handler, queryMs, request } from './handler.js';

/** 0x0210: departments changed since a given time, including deleted ones; for time 0, all that exist. */
export function listDepartments(context: Context): Handler {
  const departments = conditionalCache(
    (updatedSince, knownEtag) =>
      context.pool.call(accounts.listDepartments, { updatedSince, knownEtag }, queryMs),
    ({ latestUpdateTime, departments }) =>
      new EncodedList(Commands.BuddyListDepartmentResponse, {
        userId: 0,
        latestUpdateTime,
        deptList: (departments ?? []).map(departInfo),
      }),
  );
  return request(
    context,
    Commands.BuddyListDepartmentRequest,
    async (connection, { latestUpdateTime }, seqNum) =>
      (await departments(latestUpdateTime)).answer(connection, seqNum),
    { responseByte: listByteCost },
  );
}

function departInfo(department: teamtalk.db.Department.$Properties): IM.BaseDefine.DepartInfo.$Properties {
  return {
    deptId: department.deptId ?? 0,
    priority: department.priority ?? 0,
    deptName: department.deptName ?? '',
    parentDeptId: department.parentDeptId ?? 0,
    deptStatus: (department.deptStatus ?? 0) as IM.BaseDefine.DepartmentStatusType,
  };
}
