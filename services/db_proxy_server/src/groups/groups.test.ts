import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { groupsRpc } from './rpc.js';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'u' || n, '' FROM generate_series(1, 2000) n`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  const { dataSource } = database;
  await dataSource.query('TRUNCATE chat_group, group_member CASCADE');
  await dataSource.query(
    `INSERT INTO chat_group (id, name, avatar, creator_id, type, version, status) VALUES
      (10, 'normal', 'icon', 1, 1, 3, 0), (11, 'temporary', '', 2, 2, 7, 0), (12, 'other', '', 0, 1, 1, 0),
      (13, 'dissolved', '', 1, 1, 9, 1)`,
  );
  await dataSource.query(
    'INSERT INTO group_member (group_id, user_id) VALUES (10, 3), (10, 1), (11, 1), (11, 2), (12, 2)',
  );
});

async function list(userId: number) {
  const reply = await groupsRpc(context).listGroups(new teamtalk.db.UserRequest({ userId }));
  return (reply.groups ?? []).map(({ groupId, version }) => [groupId, version]);
}

async function get(userId: number, ...asked: [groupId: number, version: number][]) {
  const groups = asked.map(([groupId, version]) => ({ groupId, version }));
  return (
    (await groupsRpc(context).getGroups(new teamtalk.db.GetGroupsRequest({ userId, groups }))).groups ?? []
  );
}

async function idsOf(userId: number, ...asked: [groupId: number, version: number][]) {
  return (await get(userId, ...asked)).map(({ groupId }) => groupId);
}

async function shield(userId: number, groupId: number, shieldStatus: number) {
  const request = new teamtalk.db.ShieldGroupRequest({ userId, groupId, shieldStatus });
  return (await groupsRpc(context).shieldGroup(request)).done;
}

test('lists the user’s normal groups with their versions, but no temporary ones', async () => {
  expect(await list(1)).toEqual([[10, 3]]);
  expect(await list(2)).toEqual([[12, 1]]);
  for (const nobody of [4, 0, 0xffff_ffff]) expect(await list(nobody)).toEqual([]);
});

test('members see all fields of a group', async () => {
  expect(await get(1, [11, 0], [10, 0])).toEqual([
    {
      groupId: 10,
      version: 3,
      groupName: 'normal',
      groupAvatar: 'icon',
      groupCreatorId: 1,
      groupType: 1,
      shieldStatus: 0,
      groupMemberList: [1, 3],
    },
    {
      groupId: 11,
      version: 7,
      groupName: 'temporary',
      groupAvatar: '',
      groupCreatorId: 2,
      groupType: 2,
      shieldStatus: 0,
      groupMemberList: [1, 2],
    },
  ]);
});

test('returns only groups newer than the client’s versions', async () => {
  expect(await idsOf(1, [10, 2], [11, 7])).toEqual([10]);
  expect(await idsOf(1, [10, 3], [11, 6])).toEqual([11]);
  expect(await idsOf(1, [10, 0xffff_ffff], [11, 0x8000_0000])).toEqual([]);
  expect(await idsOf(1, [10, 9], [10, 1], [10, 9]), 'asked for twice').toEqual([10]);
});

test('returns nothing to non-members, and no unknown groups', async () => {
  expect(await idsOf(3, [10, 0], [11, 0], [12, 0])).toEqual([10]);
  expect(await idsOf(4, [10, 0], [11, 0], [12, 0])).toEqual([]);
  expect(await idsOf(0, [10, 0])).toEqual([]);
  expect(await idsOf(0xffff_ffff, [10, 0])).toEqual([]);
  expect(await idsOf(1, [13, 0], [99, 0], [0, 0], [0xffff_ffff, 0])).toEqual([]);
  expect(await idsOf(1)).toEqual([]);
});

test('refuses a request with too many ids', async () => {
  const many = Array.from({ length: 5_001 }, (_, i): [number, number] => [i + 1, 0]);
  await expect(get(1, ...many)).rejects.toMatchObject({ code: 'invalid-argument' });
});

test('bounds a reply; the rest is returned when it is requested again', async () => {
  const { dataSource } = database;
  await dataSource.query(
    `INSERT INTO chat_group (id, name, type) SELECT 100 + n, 'g', 1 FROM generate_series(1, 101) n`,
  );
  await dataSource.query('ALTER TABLE group_member DISABLE TRIGGER ALL');
  await dataSource.query(
    'INSERT INTO group_member (group_id, user_id) SELECT 100 + n, m FROM generate_series(1, 101) n, generate_series(1, 2000) m',
  );
  await dataSource.query('ALTER TABLE group_member ENABLE TRIGGER ALL');
  const all = Array.from({ length: 101 }, (_, i): [number, number] => [101 + i, 0]);
  expect(await idsOf(5, ...all)).toEqual(all.slice(0, 100).map(([id]) => id));
  expect(await idsOf(5, ...all.slice(100))).toEqual([201]);
});

test('a shield belongs to the member and does not change the group', async () => {
  expect(await shield(1, 10, 1)).toBe(true);
  const [mine] = await get(1, [10, 0]);
  expect(mine).toMatchObject({ shieldStatus: 1, version: 3 });
  expect((await get(3, [10, 0]))[0]?.shieldStatus).toBe(0);
  expect((await get(1, [11, 0]))[0]?.shieldStatus).toBe(0);
  expect(await shield(1, 10, 0)).toBe(true);
  expect((await get(1, [10, 0]))[0]?.shieldStatus).toBe(0);
});

test('a non-member cannot shield, and a shield is 0 or 1', async () => {
  expect(await shield(2, 10, 1)).toBe(false);
  expect(await shield(1, 13, 1)).toBe(false);
  for (const id of [0, 99, 0xffff_ffff]) {
    expect(await shield(1, id, 1)).toBe(false);
    expect(await shield(id, 10, 1)).toBe(false);
  }
  for (const status of [2, 0xffff_ffff]) expect(await shield(1, 10, status)).toBe(false);
  expect((await get(1, [10, 0]))[0]?.shieldStatus).toBe(0);
});
