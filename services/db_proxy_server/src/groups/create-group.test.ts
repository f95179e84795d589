import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { createGroup } from './create-group.js';

const { GROUP_OK, GROUP_INVALID, GROUP_NOT_PERMITTED, GROUP_FULL } = teamtalk.db.GroupResult;
const normal = 1;
const temporary = 2;
/** disabled */
const gone = 50;

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status)
      SELECT n, 'u' || n, '', CASE n WHEN 50 THEN 3 ELSE n % 3 END FROM generate_series(1, 2500) n`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() =>
  database.dataSource.query('TRUNCATE chat_group, group_member, conversation, message CASCADE'),
);

async function create(given: teamtalk.db.CreateGroupRequest.$Properties, where = context) {
  const request = { userId: 1, groupType: temporary, groupName: 'lunch', groupAvatar: '', ...given };
  return createGroup(where)(new teamtalk.db.CreateGroupRequest(request));
}

async function rows(table: 'chat_group' | 'group_member' | 'conversation') {
  const [{ count }] = await database.dataSource.query(`SELECT count(*)::int4 AS count FROM ${table}`);
  return count as number;
}

test('a group contains its creator, whether listed or not, and each member once', async () => {
  for (const memberIds of [
    [3, 2, 3],
    [3, 1, 2],
  ]) {
    const reply = await create({ memberIds, groupAvatar: 'http://msfs/icon.png' });
    expect(reply).toEqual({ result: GROUP_OK, groupId: expect.any(Number), memberIds: [1, 3, 2] });
    const [group] = await database.dataSource.query('SELECT * FROM chat_group WHERE id = $1', [
      reply.groupId,
    ]);
    expect(group).toMatchObject({
      name: 'lunch',
      avatar: 'http://msfs/icon.png',
      creator_id: 1,
      type: temporary,
      version: 1,
      status: 0,
    });
    const members = await database.dataSource.query(
      'SELECT user_id, join_msg_id, read_id, shield FROM group_member WHERE group_id = $1 ORDER BY 1',
      [reply.groupId],
    );
    expect(members).toEqual(
      [1, 2, 3].map((user_id) => ({ user_id, join_msg_id: 0, read_id: 0, shield: false })),
    );
  }
});

test('a group of one is possible; unknown and disabled users are left out', async () => {
  expect((await create({})).memberIds).toEqual([1]);
  const memberIds = [9_999, 0, gone, 4, 0x8000_0000, 0xffff_ffff];
  expect(await create({ memberIds })).toMatchObject({ result: GROUP_OK, memberIds: [1, 4] });
});

test('clients create temporary groups only, administrators also normal ones', async () => {
  expect(await create({ groupType: normal })).toEqual({ result: GROUP_NOT_PERMITTED });
  expect(await create({ groupType: normal, byAdmin: true })).toMatchObject({ result: GROUP_OK });
  expect(await create({ byAdmin: true })).toMatchObject({ result: GROUP_OK });
  for (const groupType of [0, 3, 0xffff_ffff]) {
    expect(await create({ groupType, byAdmin: true })).toEqual({ result: GROUP_INVALID });
  }
  expect(await rows('chat_group')).toBe(2);
});

test('an unknown or disabled creator cannot create a group', async () => {
  for (const userId of [0, gone, 9_999, 0xffff_ffff]) {
    expect(await create({ userId, memberIds: [2] })).toEqual({ result: GROUP_INVALID });
  }
  expect([await rows('chat_group'), await rows('group_member'), await rows('conversation')]).toEqual([
    0, 0, 0,
  ]);
});

test('an administrator needs at least one member; with an unknown creator the group has none', async () => {
  for (const userId of [0, gone, 9_999, 0xffff_ffff]) {
    const made = await create({ userId, byAdmin: true, memberIds: [3, 2] });
    expect(made).toMatchObject({ result: GROUP_OK, memberIds: [3, 2] });
    const [{ creator_id }] = await database.dataSource.query(
      'SELECT creator_id FROM chat_group WHERE id = $1',
      [made.groupId],
    );
    expect(creator_id).toBe(0);
    expect(await create({ userId, byAdmin: true, memberIds: [gone] })).toEqual({ result: GROUP_INVALID });
    expect(await create({ userId, byAdmin: true })).toEqual({ result: GROUP_INVALID });
  }
  expect(await create({ userId: 7, byAdmin: true })).toMatchObject({ memberIds: [7] });
});

test('names have 1 to 256 characters, avatars up to 1,024', async () => {
  for (const groupName of ['x', '午'.repeat(256), '😀'.repeat(256), "'; DROP TABLE chat_group; --"]) {
    const { groupId } = await create({ groupName });
    const [{ name }] = await database.dataSource.query('SELECT name FROM chat_group WHERE id = $1', [
      groupId,
    ]);
    expect(name).toBe(groupName);
  }
  for (const groupName of ['', 'x'.repeat(257), 'a\0b']) {
    expect(await create({ groupName })).toEqual({ result: GROUP_INVALID });
  }
  expect(await create({ groupAvatar: 'x'.repeat(1_024) })).toMatchObject({ result: GROUP_OK });
  for (const groupAvatar of ['x'.repeat(1_025), 'a\0b']) {
    expect(await create({ groupAvatar })).toEqual({ result: GROUP_INVALID });
  }
});

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

test('2,000 members in well under a second; one more is refused', async () => {
  const members = upTo(2_001).filter((id) => id !== gone);
  const begun = performance.now();
  const reply = await create({ memberIds: members });
  const took = performance.now() - begun;
  expect(reply).toMatchObject({ result: GROUP_OK, memberIds: members });
  expect(await rows('group_member')).toBe(2_000);
  expect(took).toBeLessThan(1_000);

  expect(await create({ memberIds: upTo(2_002) })).toEqual({ result: GROUP_FULL });
  expect(
    await create({ memberIds: [...members, gone, 5_000, 1, 1] }),
    'who is left out does not count',
  ).toMatchObject({
    result: GROUP_OK,
  });
  expect(await create({ memberIds: Array(10_001).fill(2) })).toEqual({ result: GROUP_INVALID });
  expect(await rows('chat_group')).toBe(2);
});

test('the limit is configurable', async () => {
  const small = await createTestContext(database.url, { groupMaxMembers: 2 });
  try {
    expect(await create({ memberIds: [2] }, small)).toMatchObject({ result: GROUP_OK });
    expect(await create({ memberIds: [2, 3] }, small)).toEqual({ result: GROUP_FULL });
  } finally {
    await small.close();
  }
});

test('members can write immediately, from message 1', async () => {
  const { groupId } = await create({ memberIds: [2] });
  const sender = new MessageSender(context.database.pool);
  const to = groupId as number;
  expect(await sender.send({ from: 2, to, group: true })).toEqual({ status: 'stored', msgId: 1 });
  expect(await sender.send({ from: 3, to, group: true })).toEqual({ status: 'not-a-member' });
});
