import { randomUUID } from 'node:crypto';
import { ask, departmentFieldsOf, listDepartments, savedId } from '@teamtalk/administration';
import { administration } from '@teamtalk/rpc';
import type { Handlers } from './handler.js';

export const departments: Handlers<
  'listDepartments' | 'createDepartment' | 'changeDepartment' | 'deleteDepartment'
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
};
