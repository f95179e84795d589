import { teamtalk } from '@teamtalk/rpc';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { accountsRpc } from './rpc.js';

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof accountsRpc>;
let list: (since: number) => Promise<{ names: string[]; watermark: number }>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = accountsRpc(context);
  const handler = rpc.listDepartments;
  list = async (updatedSince) => {
    const reply = await handler(new teamtalk.db.ListUsersRequest({ updatedSince }));
    return {
      names: (reply.departments ?? []).map(({ deptName }) => deptName as string),
      watermark: reply.latestUpdateTime as number,
    };
  };
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE department RESTART IDENTITY');
  await database.dataSource.query(
    `INSERT INTO department (name, parent_id, priority, status)
      VALUES ('top', 0, 7, 0), ('below', 1, 3, 0), ('closed', 0, 0, 1)`,
  );
  await database.dataSource.query('UPDATE department SET updated_at = to_timestamp(1000)');
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

test('0 returns all that exist, with their place in the tree', async () => {
  const reply = await rpc.listDepartments(new teamtalk.db.ListUsersRequest({ updatedSince: 0 }));
  expect(reply.departments).toEqual([
    { deptId: 1, priority: 7, deptName: 'top', parentDeptId: 0, deptStatus: 0 },
    { deptId: 2, priority: 3, deptName: 'below', parentDeptId: 1, deptStatus: 0 },
  ]);
  expect(reply.latestUpdateTime).toBeGreaterThan(now() - 10);
  expect(reply.latestUpdateTime).toBeLessThan(now());
});

test('any other time returns the departments changed since, including deleted ones', async () => {
  const { watermark } = await list(0);
  expect((await list(watermark)).names).toEqual([]);
  await database.dataSource.query(`UPDATE department SET status = 1 WHERE name = 'below'`);
  await database.dataSource.query(`INSERT INTO department (name) VALUES ('new')`);
  const reply = await rpc.listDepartments(new teamtalk.db.ListUsersRequest({ updatedSince: watermark }));
  expect((reply.departments ?? []).map(({ deptName, deptStatus }) => [deptName, deptStatus])).toEqual([
    ['below', 1],
    ['new', 0],
  ]);
  expect((await list(0)).names).toEqual(['top', 'new']);
});

test('a change in the same second as a reply is part of the next one', async () => {
  for (let round = 0; round < 5; round++) {
    const { watermark } = await list(0);
    await database.dataSource.query('UPDATE department SET priority = $1 WHERE name = $2', [round, 'top']);
    expect((await list(watermark)).names).toContain('top');
  }
});

test('a change that commits long after it was written is not missed; a change of users does not hold the watermark back', async () => {
  const writer = new pg.Client({ connectionString: database.url });
  const elsewhere = new pg.Client({ connectionString: database.url });
  await Promise.all([writer.connect(), elsewhere.connect()]);
  try {
    await writer.query('BEGIN');
    await writer.query(`UPDATE department SET name = 'renamed' WHERE name = 'top'`);
    await elsewhere.query('BEGIN');
    await elsewhere.query(`INSERT INTO im_user (name, password_hash) VALUES ('ann', '')`);
    const [{ begun }] = (await writer.query('SELECT floor(extract(epoch FROM now()))::float8 AS begun'))
      .rows as [{ begun: number }];
    await expect.poll(now, { timeout: 10_000, interval: 50 }).toBeGreaterThan(begun + 3);

    const before = await list(0);
    expect(before.watermark).toBeLessThanOrEqual(begun);
    await writer.query('COMMIT');
    expect((await list(before.watermark)).names).toEqual(['renamed']);
    expect((await list(0)).watermark).toBeGreaterThan(begun);
  } finally {
    await Promise.all([writer.end(), elsewhere.end()]);
  }
});
