import { id, line, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { expectedOf, priority, readText } from './fields.js';

const fields = {
  name: line(1, 64),
  parent_id: id.nullable().describe('null: a top-level department'),
  priority: priority.describe('Clients show smaller numbers first'),
};

const params = z.strictObject({ department_id: pathId });
const saved = z.object({ department_id: id }).meta({ id: 'SavedDepartment' });
const tag = 'Departments';

export const departmentsApi = define({
  listDepartments: {
    method: 'get',
    path: '/admin/v1/departments',
    tag,
    summary: 'All departments',
    access: 'users:read',
    status: 200,
    reply: z
      .object({ departments: z.array(z.object({ department_id: id, ...fields })) })
      .meta({ id: 'Departments' }),
  },
  createDepartment: {
    method: 'post',
    path: '/admin/v1/departments',
    tag,
    summary: 'Add a department',
    access: 'departments:write',
    body: z
      .strictObject({ ...z.object(fields).partial().shape, name: fields.name })
      .meta({ id: 'NewDepartment' }),
    status: 201,
    reply: saved,
  },
  changeDepartment: {
    method: 'patch',
    path: '/admin/v1/departments/{department_id}',
    tag,
    summary: 'Rename or move a department',
    access: 'departments:write',
    params,
    body: z
      .strictObject({
        ...z.object(fields).partial().shape,
        expected: expectedOf({ ...fields, name: readText }),
      })
      .meta({ id: 'DepartmentChange' }),
    status: 200,
    reply: saved,
  },
  deleteDepartment: {
    method: 'delete',
    path: '/admin/v1/departments/{department_id}',
    tag,
    summary: 'Delete an empty department',
    access: 'departments:write',
    params,
    status: 204,
  },
  mergeDepartment: {
    method: 'post',
    path: '/admin/v1/departments/{department_id}/merge',
    tag,
    summary: 'Merge a department into another one',
    description:
      'Its users, also those who have left, and the departments below it move, and it is deleted. Large departments take several calls: repeat it until none remains.',
    access: 'departments:write',
    params,
    body: z.strictObject({ into_id: id }).meta({ id: 'DepartmentMerge' }),
    status: 200,
    reply: z
      .object({
        moved: z.int().describe('Users moved by this call'),
        remaining: z.int().describe('Users to move by further calls; 0: the department is deleted'),
      })
      .meta({ id: 'MergedDepartment' }),
  },
});
