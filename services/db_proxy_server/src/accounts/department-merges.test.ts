import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';

const actor = { name: 'console ann', asUser: 0, source: 'here' };
const [company, sales, field, web, closed] = [1, 2, 3, 4, 5] as const;

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await sql('TRUNCATE department, im_user CASCADE');
  await sql(
    `INSERT INTO department (id, name, parent_id, status) VALUES (${company}, 'Company', 0, 0),
       (${sales}, 'Sales', ${company}, 0), (${field}, 'Field', ${sales}, 0), (${web}, 'Web', ${company}, 0),
       (${closed}, 'Closed', ${sales}, 1)`,
  );
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);
const merge = (id: number, into: number) => context.departmentMerges.merge(id, into, actor);
const addUsers = (count: number, department: number) =>
  sql(
    `INSERT INTO im_user (name, password_hash, department_id, status)
     SELECT 'u' || n, '', $2, CASE n WHEN 1 THEN 3 ELSE 0 END FROM generate_series(1, $1::int4) n`,
    [count, department],
  );
const newestEvent = async () =>
  (await sql('SELECT verb, resource, before, after FROM audit_event ORDER BY id DESC LIMIT 1'))[0];

it('moves users, those who have left too, and departments below, and deletes the department', async () => {
  await addUsers(3, sales);
  const before = await context.departments.changes(0);
  expect(await merge(sales, web)).toEqual({ result: 'done', moved: 3, remaining: 0 });
  expect(await sql('SELECT id, parent_id, status FROM department ORDER BY id')).toEqual([
    { id: company, parent_id: 0, status: 0 },
    { id: sales, parent_id: company, status: 1 },
    { id: field, parent_id: web, status: 0 },
    { id: web, parent_id: company, status: 0 },
    { id: closed, parent_id: sales, status: 1 },
  ]);
  expect(await sql('SELECT DISTINCT department_id FROM im_user')).toEqual([{ department_id: web }]);
  // What clients fetch since their last time.
  const { rows } = await context.departments.changes(before.watermark);
  expect(rows.map(({ id, status }) => [id, status])).toEqual(
    expect.arrayContaining([
      [sales, 1],
      [field, 0],
    ]),
  );
  expect(await newestEvent()).toMatchObject({
    verb: 'department.merge',
    resource: `department ${sales}`,
    before: { name: 'Sales', parentId: company },
    after: { into: web, departmentIds: [field], deleted: true },
  });
});

it('moves many users in several transactions', async () => {
  await addUsers(1_500, sales);
  expect(await merge(sales, company)).toEqual({ result: 'done', moved: 1_000, remaining: 500 });
  expect(await newestEvent()).toMatchObject({ after: { deleted: false, departmentIds: [field] } });
  expect(await merge(sales, company)).toEqual({ result: 'done', moved: 500, remaining: 0 });
  expect(await merge(sales, company)).toEqual({ result: 'not-found' });
});

it.each([
  ['itself', sales, sales],
  ['one below it', sales, field],
  ['a deleted one', web, closed],
  ['one that does not exist', web, 99],
  ['none', web, 0],
  ['one with an id that is too large', web, 0xffff_ffff],
])('a department is not merged into %s', async (_, id, into) => {
  expect(await merge(id, into)).toEqual({ result: 'unknown-department' });
  expect(await sql('SELECT FROM department WHERE status = 0')).toHaveLength(4);
});

it('two merges in opposite directions do not lose the users', async () => {
  await addUsers(10, sales);
  const outcomes = await Promise.all([merge(sales, web), merge(web, sales)]);
  expect(outcomes.map(({ result }) => result).sort()).toEqual(['done', 'unknown-department']);
  const [{ alive }] = await sql(
    'SELECT bool_and(d.status = 0) AS alive FROM im_user u JOIN department d ON d.id = u.department_id',
  );
  expect(alive).toBe(true);
});
