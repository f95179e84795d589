import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { next } from './fields.js';
import { userFilter } from './users.js';

export const importOutcomes = ['create', 'change', 'leave', 'same', 'error'] as const;
export const importKinds = ['file', 'move', 'leave'] as const;
const importStates = ['checked', 'running', 'done', 'undoing', 'undone'] as const;

const counted = z.int().min(0);
const cell = line(0, 2_000).optional();

const userImport = z
  .object({
    import_id: id,
    kind: z
      .enum(importKinds)
      .describe('`file`: rows of a file; `move`, `leave`: a bulk change of users who exist'),
    file_name: z.string().describe('Empty for a bulk change'),
    department_id: id.nullable().describe('Where a bulk change moves users; null: to no department'),
    keep_groups: z.boolean().describe('Whether leavers stay in their groups'),
    successor_id: id.nullable(),
    created_by: z.string(),
    created_at: moment,
    state: z
      .enum(importStates)
      .describe('`checked`: no user was changed yet; `running`, `undoing`: call again until it is over'),
    rows: counted,
    creates: counted.describe('Rows that add a user'),
    changes: counted.describe('Rows that change one'),
    leaves: counted.describe('Rows that mark one as having left'),
    same: counted.describe('Rows that change nothing'),
    errors: counted.describe('Rows that are left out'),
    done: counted.describe('Of the rows that add, change or mark as having left'),
    pending: counted.describe('Rows whose users’ connections or groups are still to be changed'),
    undone: counted,
    kept: counted.describe('Of the undone rows, those where later changes by others were kept'),
  })
  .meta({ id: 'UserImport' });

const row = z.object({
  row: z.int().describe('In the file, from 1 for the headings'),
  name: z.string(),
  outcome: z.enum(importOutcomes),
  faults: z.array(z.object({ column: z.string(), fault: z.string(), value: z.string(), detail: z.string() })),
  user_id: id.nullable(),
});

const action = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('move'), department_id: id.nullable().describe('null: none') }),
  z.strictObject({
    kind: z.literal('leave'),
    keep_groups: z.boolean(),
    successor_id: id
      .nullable()
      .describe('As for leave-groups; if they leave meanwhile, the longest-standing members take over'),
  }),
]);

const choice = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('ids'), user_ids: z.array(id).min(1).max(10_000) }),
  z.strictObject({ by: z.literal('filter'), ...userFilter }),
]);

const rows = z.array(row);
const params = z.strictObject({ import_id: pathId });
const tag = 'Imports of users';

export const userImportsApi = define({
  createUserImport: {
    method: 'post',
    path: '/admin/v1/user-imports',
    tag,
    summary: 'Begin an import of users from a file',
    description:
      'Its rows are added next, and checked: a dry run. Users change only when it is run. It is kept for 30 days.',
    access: 'users:import',
    body: z.strictObject({ file_name: line(1, 256) }).meta({ id: 'NewUserImport' }),
    status: 201,
    reply: userImport,
  },
  chooseUsers: {
    method: 'post',
    path: '/admin/v1/user-imports/bulk-changes',
    tag,
    summary: 'Choose users to move, or to mark as having left',
    description:
      'Begins an import whose rows are these users, at most 50,000; each has what would be done, and nothing changes until it is run. It is run, undone and kept like an import of a file.',
    access: 'users:import',
    body: z.strictObject({ action, users: choice }).meta({ id: 'BulkChange' }),
    status: 201,
    reply: userImport,
  },
  addUserImportRows: {
    method: 'post',
    path: '/admin/v1/user-imports/{import_id}/rows',
    tag,
    summary: 'Add rows to an import, and check what each would do',
    description:
      'At most 500 at a time, 50,000 altogether; a row that is sent again replaces the previous one. Leave out empty cells: the field then stays unchanged. Users are identified by their login name.',
    access: 'users:import',
    params,
    body: z
      .strictObject({
        rows: z
          .array(
            z.strictObject({
              row: z.int().min(1).max(10_000_000),
              name: line(0, 2_000),
              nick_name: cell,
              real_name: cell,
              gender: cell.describe('male, female or unknown'),
              department: cell.describe('Its name, or the names from the top with slashes between them'),
              email: cell,
              tel: cell,
              sign_info: cell,
            }),
          )
          .min(1)
          .max(500),
      })
      .meta({ id: 'UserImportRows' }),
    status: 200,
    reply: z.object({ rows }).meta({ id: 'CheckedRows' }),
  },
  listUserImports: {
    method: 'get',
    path: '/admin/v1/user-imports',
    tag,
    summary: 'The newest imports of users',
    access: 'users:import',
    status: 200,
    reply: z.object({ imports: z.array(userImport) }).meta({ id: 'UserImports' }),
  },
  getUserImport: {
    method: 'get',
    path: '/admin/v1/user-imports/{import_id}',
    tag,
    summary: 'One import of users',
    access: 'users:import',
    params,
    status: 200,
    reply: userImport,
  },
  listUserImportRows: {
    method: 'get',
    path: '/admin/v1/user-imports/{import_id}/rows',
    tag,
    summary: 'Rows of an import',
    access: 'users:import',
    params,
    query: z.strictObject({
      after: pathId.optional().describe('Only rows below this one: `next` of the page before'),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      outcome: z.enum(importOutcomes).optional(),
    }),
    status: 200,
    reply: z.object({ rows, next }).meta({ id: 'UserImportRowPage' }),
  },
  runUserImport: {
    method: 'post',
    path: '/admin/v1/user-imports/{import_id}/run',
    tag,
    summary: 'Add and change the users of the next 500 rows',
    description:
      'Call again while its state is `running`; it continues where it was, whoever calls. The connections of users who are marked as having left end at once; when no row is left, they leave their groups. Rows are checked again. Each user’s change is an audit event of its own. New users have no password until they are given one.',
    access: 'users:import',
    params,
    status: 200,
    reply: userImport,
  },
  undoUserImport: {
    method: 'post',
    path: '/admin/v1/user-imports/{import_id}/undo',
    tag,
    summary: 'Undo up to 500 rows of an import',
    description:
      'Call again while its state is `undoing`. Users that it added are marked as having left; fields that it changed get their previous values back, unless somebody has changed them since. Users whom it marked as having left are restored, and rejoin their groups.',
    access: 'users:import',
    params,
    status: 200,
    reply: userImport,
  },
  issueImportPasswords: {
    method: 'post',
    path: '/admin/v1/user-imports/{import_id}/passwords',
    tag,
    summary: 'Give up to 500 users whom an import added a first password',
    description:
      'Call again with `next` as `after` until it is null. Only the reply has the passwords: random ones of 100 bits. Users who have a password keep it; with `renew`, those who got one this way and have not logged in yet get another, in place of a lost one.',
    access: 'users:import',
    params,
    body: z
      .strictObject({
        after: z.int().min(0).max(10_000_000).optional().describe('Only rows below this one'),
        renew: z.boolean().optional(),
      })
      .meta({ id: 'IssueImportPasswords' }),
    status: 200,
    reply: z
      .object({
        users: z.array(
          z.object({
            row: z.int(),
            user_id: id,
            name: z.string(),
            real_name: z.string(),
            password: z.string(),
          }),
        ),
        next,
      })
      .meta({ id: 'IssuedPasswords' }),
  },
});
