import { ask, departmentFieldsOf, listDepartments, maxId, savedId } from '@teamtalk/administration';
import { administration } from '@teamtalk/rpc';
import { z } from 'zod';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, line, pathId } from './fields.js';
import { operation } from './operation.js';

const fields = {
  name: line(1, 64),
  parent_id: id.nullable().describe('null: at the top'),
  priority: z.int().min(0).max(maxId),
};

const department = z.object({ department_id: id, ...fields }).meta({ id: 'Department' });
const newDepartment = z
  .strictObject({ ...z.object(fields).partial().shape, name: fields.name, id: key })
  .meta({ id: 'NewDepartment' });
const departmentChange = z.strictObject(fields).partial().meta({ id: 'DepartmentChange' });
const params = z.strictObject({ department_id: pathId });
const saved = z.object({ department_id: id }).meta({ id: 'SavedDepartment' });

export const departmentOperations = [
  operation({
    method: 'get',
    path: '/v1/departments',
    id: 'listDepartments',
    tag: 'Departments',
    summary: 'All departments',
    permission: 'users:read',
    status: 200,
    reply: z.object({ departments: z.array(department) }).meta({ id: 'Departments' }),
    async handle(context) {
      return { reply: { departments: await listDepartments(context) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/departments',
    id: 'createDepartment',
    tag: 'Departments',
    summary: 'Add a department',
    permission: 'users:write',
    body: newDepartment,
    status: 201,
    reply: saved,
    async handle(context, { body: { id: named, ...wanted }, app, actor, idempotencyKey }) {
      const reply = await ask(context, administration.createDepartment, {
        fields: departmentFieldsOf(wanted),
        actor,
        idempotencyKey: scopedKey(app, 'create-department', keyOf({ id: named }, idempotencyKey)),
      });
      return { reply: { department_id: savedId(reply, 'department', 'department-not-empty') } };
    },
  }),
  operation({
    method: 'patch',
    path: '/v1/departments/{department_id}',
    id: 'changeDepartment',
    tag: 'Departments',
    summary: 'Rename or move a department',
    permission: 'users:write',
    params,
    body: departmentChange,
    status: 200,
    reply: saved,
    async handle(context, { params: { department_id: departmentId }, body, actor }) {
      const reply = await ask(context, administration.changeDepartment, {
        departmentId,
        fields: departmentFieldsOf(body),
        actor,
      });
      return { reply: { department_id: savedId(reply, 'department', 'department-not-empty') } };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/departments/{department_id}',
    id: 'deleteDepartment',
    tag: 'Departments',
    summary: 'Delete a department that is empty',
    permission: 'users:write',
    params,
    status: 204,
    async handle(context, { params: { department_id: id }, actor }) {
      const reply = await ask(context, administration.deleteDepartment, { id, actor });
      savedId(reply, 'department', 'department-not-empty');
      return { reply: undefined };
    },
  }),
];
