import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { messagesRpc } from './rpc.js';

const single = 1;
const group = 2;
const theGroup = 5;

let database: TestDatabase;
let context: TestContext;
let sender: MessageSender;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  sender = new MessageSender(context.database.pool);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'u' || n, '' FROM generate_series(1, 9) n`,
  );
  await database.dataSource.query(`INSERT INTO chat_group (id, name, type) VALUES (5, 'g', 2), (6, 'h', 2)`);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE conversation, message, group_member');
  await database.dataSource.query(
    'INSERT INTO group_member (group_id, user_id) VALUES (5, 1), (5, 2), (6, 1)',
  );
});

async function remove(userId: number, sessionType: number, sessionId: number) {
  const request = new teamtalk.db.SessionRequest({ userId, sessionType, sessionId });
  return (await messagesRpc(context).removeSession(request)).done;
}

/** Session ids with unread counts in the user's list. */
async function sessions(userId: number) {
  const request = new teamtalk.db.RecentSessionsRequest({ userId });
  const recent = (await messagesRpc(context).getRecentSessions(request)).sessions ?? [];
  const unread = (await messagesRpc(context).getUnread(new teamtalk.db.UserRequest({ userId }))).unread ?? [];
  return recent.map(({ sessionType, sessionId }) => [
    sessionType,
    sessionId,
    unread.find((each) => each.sessionType === sessionType && each.sessionId === sessionId)?.unreadCnt ?? 0,
  ]);
}

test.each([
  [1, 2],
  [2, 1],
])('a pair’s session goes with its unread, for %d only, until a later message', async (user, other) => {
  await sender.send({ from: other, to: user });
  await sender.send({ from: user, to: other });
  await sender.send({ from: other, to: user });
  expect(await sessions(user)).toEqual([[single, other, 2]]);

  expect(await remove(user, single, other)).toBe(true);
  expect(await sessions(user)).toEqual([]);
  expect(await sessions(other)).toEqual([[single, user, 1]]);

  await sender.send({ from: other, to: user });
  expect(await sessions(user), 'only what came since is unread').toEqual([[single, other, 1]]);
  expect(await sessions(other)).toEqual([[single, user, 1]]);
});

test('the user’s own later message restores it too, with no unread messages', async () => {
  await sender.send({ from: 2, to: 1 });
  await remove(1, single, 2);
  await sender.send({ from: 1, to: 2 });
  expect(await sessions(1)).toEqual([[single, 2, 0]]);
});

test('a group’s session is removed with its unread count, for one member only, until a later message', async () => {
  for (let i = 0; i < 3; i++) await sender.send({ from: 2, to: theGroup, group: true });
  expect(await sessions(1)).toEqual([[group, theGroup, 3]]);
  expect(await remove(1, group, theGroup)).toBe(true);
  expect(await sessions(1)).toEqual([]);
  expect(await sessions(2)).toEqual([[group, theGroup, 0]]);
  await sender.send({ from: 2, to: theGroup, group: true });
  expect(await sessions(1)).toEqual([[group, theGroup, 1]]);
});

test('removing a session keeps its history', async () => {
  await sender.send({ from: 2, to: 1 });
  await remove(1, single, 2);
  const request = { userId: 1, sessionType: single, sessionId: 2, msgCnt: 10 };
  const history = await messagesRpc(context).getHistory(new teamtalk.db.HistoryRequest(request));
  expect(history.messages).toHaveLength(1);
});

test('removing twice succeeds; a user and a group with the same id are two sessions', async () => {
  await sender.send({ from: 5, to: 1 });
  await sender.send({ from: 2, to: theGroup, group: true });
  expect(await remove(1, group, 5)).toBe(true);
  expect(await remove(1, group, 5)).toBe(true);
  expect(await sessions(1)).toEqual([[single, 5, 1]]);
  expect(await remove(1, single, 5)).toBe(true);
  expect(await sessions(1)).toEqual([]);
});

test('a group without messages can be removed, and appears with the first message', async () => {
  expect(await remove(1, group, 6)).toBe(true);
  await sender.send({ from: 1, to: 6, group: true });
  expect(await sessions(1)).toEqual([[group, 6, 0]]);
});

test('sessions of other users cannot be removed', async () => {
  await sender.send({ from: 2, to: 3 });
  await sender.send({ from: 2, to: theGroup, group: true });
  expect(await remove(1, single, 3)).toBe(false);
  expect(await remove(1, single, 1)).toBe(false);
  expect(await remove(0, single, theGroup), 'no way to a group by its key').toBe(false);
  expect(await remove(3, group, theGroup)).toBe(false);
  for (const id of [0, 99, 0x8000_0000, 0xffff_ffff]) {
    expect(await remove(1, single, id)).toBe(false);
    expect(await remove(1, group, id)).toBe(false);
    expect(await remove(id, group, theGroup)).toBe(false);
  }
  await expect(remove(1, 3, 2)).rejects.toMatchObject({ code: 'invalid-argument' });
  expect(await sessions(2)).toHaveLength(2);
});

test('a session is removed or restored atomically under concurrent messages', async () => {
  const replicas = [sender, new MessageSender(context.database.pool)];
  const writing = Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      replicas[i % 2]?.send(i % 4 < 2 ? { from: 2, to: 1 } : { from: 2, to: theGroup, group: true }),
    ),
  );
  for (let round = 0; round < 10; round++) {
    await Promise.all([remove(1, single, 2), remove(1, group, theGroup)]);
  }
  await writing;
  // The unread count is exactly the messages after the last removal; a partial removal would leave another count.
  const [pair] = await database.dataSource.query(
    'SELECT last_id - low_removed AS later, last_id - low_sent - low_seen AS unread FROM conversation WHERE conv > 10',
  );
  expect(pair.unread).toBe(pair.later);
  const [member] = await database.dataSource.query(
    'SELECT c.last_id - removed_id AS later, c.last_id - read_id AS unread FROM group_member JOIN conversation c ON conv = group_id WHERE user_id = 1 AND group_id = 5',
  );
  expect(member.unread).toBe(member.later);
});
