import { id, line, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { userStatuses } from './users.js';

/** Columns of the list of users that can be shown or left out. */
export const userColumns = ['id', 'department', 'tel', 'email', 'status'] as const;

const view = {
  name: line(1, 64),
  text: line(0, 64),
  department_id: id.nullable().describe('null: any'),
  status: z.enum(userStatuses),
  columns: z.array(z.enum(userColumns)).max(userColumns.length),
};

const saved = z.object({ view_id: id }).meta({ id: 'SavedViewId' });
const params = z.strictObject({ view_id: pathId });
const tag = 'Users';

export const savedViewsApi = define({
  listSavedViews: {
    method: 'get',
    path: '/admin/v1/saved-views',
    tag,
    summary: 'The views of the list of users that the account has saved, by name',
    access: 'users:read',
    status: 200,
    reply: z.object({ views: z.array(z.object({ view_id: id, ...view })) }).meta({ id: 'SavedViews' }),
  },
  saveView: {
    method: 'post',
    path: '/admin/v1/saved-views',
    tag,
    summary: 'Save a view of the list of users',
    description: 'An account has at most 50, and only itself sees them.',
    access: 'users:read',
    body: z.strictObject(view).meta({ id: 'NewSavedView' }),
    status: 201,
    reply: saved,
  },
  renameView: {
    method: 'patch',
    path: '/admin/v1/saved-views/{view_id}',
    tag,
    summary: 'Rename a saved view',
    access: 'users:read',
    params,
    body: z.strictObject({ name: view.name }).meta({ id: 'SavedViewName' }),
    status: 200,
    reply: saved,
  },
  deleteView: {
    method: 'delete',
    path: '/admin/v1/saved-views/{view_id}',
    tag,
    summary: 'Remove a saved view',
    access: 'users:read',
    params,
    status: 204,
  },
});
