import { randomUUID } from 'node:crypto';
import {
  ask,
  departmentFieldsOf,
  listDepartments,
  Problem,
  Refusal,
  savedId,
} from '@teamtalk/administration';
import { administration, consoleApi, consoleWork } from '@teamtalk/rpc';
import type { Handlers } from './handler.js';

const { MERGE_NOT_FOUND, MERGE_WRONG_DEPARTMENT } = consoleApi.console.MergeResult;

/** Milliseconds after which the remaining users are left to another call. */
const enoughMs = 5_000;

export const departments: Handlers<
  'listDepartments' | 'createDepartment' | 'changeDepartment' | 'deleteDepartment' | 'mergeDepartment'
> = {
  async listDepartments(call) {
    return { departments: await listDepartments(call) };
  },

  async createDepartment(call, { body }) {
    const request = { fields: departmentFieldsOf(body), idempotencyKey: `console ${randomUUID()}` };
    const reply = await ask(call, administration.createDepartment, request);
    return { department_id: savedId(reply, 'department', 'department-not-empty') };
  },

  async changeDepartment(call, { params: { department_id: departmentId }, body }) {
    const { expected, ...wanted } = body;
    const request = {
      departmentId,
      fields: departmentFieldsOf(wanted),
      ...(expected && { expected: departmentFieldsOf(expected) }),
    };
    const reply = await ask(call, administration.changeDepartment, request);
    return { department_id: savedId(reply, 'department', 'department-not-empty') };
  },

  async deleteDepartment(call, { params: { department_id: id } }) {
    savedId(await ask(call, administration.deleteDepartment, { id }), 'department', 'department-not-empty');
    return undefined;
  },

  async mergeDepartment(call, { params: { department_id: departmentId }, body: { into_id: intoId } }) {
    const begun = performance.now();
    for (let moved = 0; ; ) {
      const reply = await ask(call, consoleWork.mergeDepartment, { departmentId, intoId });
      if (reply.result === MERGE_NOT_FOUND) throw new Problem('not-found', 'there is no such department');
      if (reply.result === MERGE_WRONG_DEPARTMENT) throw new Refusal('wrong-department');
      moved += reply.moved;
      const { remaining } = reply;
      if (remaining === 0 || performance.now() - begun > enoughMs) return { moved, remaining };
    }
  },
};
