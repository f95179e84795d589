import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { accountsRpc } from './rpc.js';

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof accountsRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = accountsRpc(context);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status) VALUES (1, 'ann', '', 0), (2, 'bob', '', 3), (7, 'cy', '', 0)`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

async function get(request: teamtalk.db.GetUsersRequest.$Properties) {
  const reply = await rpc.getUsers(new teamtalk.db.GetUsersRequest(request));
  return (reply.users ?? []).map((user) => [user.userId, user.userDomain, user.status]);
}

test('finds users by id, including disabled ones, and leaves out unknown ids', async () => {
  expect(await get({ userIds: [7, 2, 5, 7] })).toEqual([
    [2, 'bob', 3],
    [7, 'cy', 0],
  ]);
  expect(await get({ userIds: [0, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff] })).toEqual([]);
  expect(await get({})).toEqual([]);
});

test('finds a user by name', async () => {
  expect(await get({ userName: 'ann' })).toEqual([[1, 'ann', 0]]);
  expect(await get({ userName: 'Ann' })).toEqual([]);
  expect(await get({ userName: 'ann\0' })).toEqual([]);
});

test('a user of a legacy installation keeps the user_domain and the status they had', async () => {
  await database.dataSource.query(`
    INSERT INTO im_user (id, name, password_hash, status, domain)
    VALUES (8, 'dai', '', 4, 'daiyu'), (9, 'eva', '', 1, '')`);
  expect(await get({ userIds: [8, 9] })).toEqual([
    [8, 'daiyu', 4],
    [9, '', 1],
  ]);
  expect(await get({ userName: 'dai' })).toEqual([[8, 'daiyu', 4]]);
});

test('refuses a request with too many ids', async () => {
  await expect(get({ userIds: Array.from({ length: 5_001 }, (_, i) => i + 1) })).rejects.toMatchObject({
    code: 'invalid-argument',
  });
});
