import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { messagesRpc } from './rpc.js';

const text = MsgType.SINGLE_TEXT;
const audio = MsgType.SINGLE_AUDIO;
const largest = 0x7fff_ffff;

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'u' || n, '' FROM generate_series(1, 20) n`,
  );
  await database.dataSource.query(`INSERT INTO chat_group (id, name, type) VALUES (5, 'g', 2), (6, 'h', 2)`);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE conversation, message, group_member');
});

interface Pair {
  low: number;
  high: number;
  /** sender of each message, in order */
  from: number[];
  /** unix seconds of the newest message, with a fraction */
  at?: number;
  type?: number;
  data?: string | Buffer;
  lowSeen?: number;
  highSeen?: number;
  lowRemoved?: number;
  highRemoved?: number;
}

/** Inserts a conversation of two users with its messages. */
async function pair({ low, high, from, at = 1000.5, type = text, data = 'newest', ...rest }: Pair) {
  const { dataSource } = database;
  const conv = `((${low}::int8 << 32) | ${high})`;
  await dataSource.query(
    `INSERT INTO conversation (conv, last_id, last_at, low_sent, low_seen, high_seen, low_removed, high_removed)
      VALUES (${conv}, $1, to_timestamp($2), $3, $4, $5, $6, $7)`,
    [
      from.length,
      at,
      from.filter((id) => id === low).length,
      rest.lowSeen ?? 0,
      rest.highSeen ?? 0,
      rest.lowRemoved ?? 0,
      rest.highRemoved ?? 0,
    ],
  );
  await dataSource.query(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      SELECT ${conv}, n, from_id, 0, 0, to_timestamp($2), $3, $4
      FROM unnest($1::int4[]) WITH ORDINALITY AS m(from_id, n)`,
    [from, at, type, typeof data === 'string' ? Buffer.from(data) : data],
  );
}

/** Inserts a group's conversation; user 5 sent every message. */
async function groupMessages(groupId: number, count: number, at = 1000) {
  await database.dataSource.query(
    'INSERT INTO conversation (conv, last_id, last_at) VALUES ($1, $2, to_timestamp($3))',
    [groupId, count, at],
  );
  await database.dataSource.query(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      SELECT $1, n, 5, 0, 0, to_timestamp($3), 17, 'group'::bytea FROM generate_series(1, $2::int4) n`,
    [groupId, count, at],
  );
}

function member(groupId: number, userId: number, { join = 0, read = 0, removed = 0 } = {}) {
  return database.dataSource.query(
    'INSERT INTO group_member (group_id, user_id, join_msg_id, read_id, removed_id) VALUES ($1, $2, $3, $4, $5)',
    [groupId, userId, join, read, removed],
  );
}

function unread(userId: number) {
  return messagesRpc(context).getUnread(new teamtalk.db.UserRequest({ userId }));
}

/** [session type, session id, unread count] of each */
async function counts(userId: number) {
  const reply = await unread(userId);
  return (reply.unread ?? []).map((each) => [each.sessionType, each.sessionId, each.unreadCnt]);
}

async function recent(userId: number, updatedAfter = 0) {
  const reply = await messagesRpc(context).getRecentSessions(
    new teamtalk.db.RecentSessionsRequest({ userId, updatedAfter }),
  );
  return reply.sessions ?? [];
}

async function recentIds(userId: number, updatedAfter = 0) {
  return (await recent(userId, updatedAfter)).map((session) => [session.sessionType, session.sessionId]);
}

test('a user without conversations has no sessions', async () => {
  expect(await unread(1)).toEqual({ totalCnt: 0, unread: [] });
  expect(await recent(1)).toEqual([]);
  expect(await recent(0xffff_ffff)).toEqual([]);
  expect(await counts(0)).toEqual([]);
});

test('the unread count of each side is the messages of the other side that it has not read', async () => {
  await pair({ low: 2, high: 3, from: [2, 3, 3, 2, 3], lowSeen: 1, highSeen: 0 });
  await pair({ low: 1, high: 2, from: [1, 1, 1], highSeen: 2, at: 2000 });
  await pair({ low: 2, high: 4, from: [4], lowSeen: 1 });
  expect(await counts(2)).toEqual([
    [1, 1, 1],
    [1, 3, 2],
  ]);
  expect((await unread(2)).totalCnt).toBe(3);
  expect(await counts(3)).toEqual([[1, 2, 2]]);
  expect(await counts(1)).toEqual([]);
});

test('an unread session shows its newest message, even one sent by the user', async () => {
  await pair({ low: 2, high: 3, from: [3, 2], data: 'own words' });
  expect((await unread(2)).unread).toEqual([
    {
      sessionId: 3,
      sessionType: 1,
      unreadCnt: 1,
      latestMsgId: 2,
      latestMsgData: Buffer.from('own words'),
      latestMsgType: text,
      latestMsgFromUserId: 2,
    },
  ]);
});

test('a group counts messages since the member joined or last read, whichever is later', async () => {
  await groupMessages(5, 10);
  await member(5, 1);
  await member(5, 2, { join: 4 });
  await member(5, 3, { join: 4, read: 9 });
  await member(5, 4, { read: 10 });
  await member(5, 6, { join: 10 });
  expect(await counts(1)).toEqual([[2, 5, 10]]);
  expect(await counts(2)).toEqual([[2, 5, 6]]);
  expect(await counts(3)).toEqual([[2, 5, 1]]);
  for (const user of [4, 6, 7]) expect(await counts(user)).toEqual([]);
});

test('a user and a group with the same id are two sessions', async () => {
  await pair({ low: 1, high: 5, from: [5], at: 2000 });
  await groupMessages(5, 1);
  await member(5, 1);
  expect(await counts(1)).toEqual([
    [1, 5, 1],
    [2, 5, 1],
  ]);
});

test('users with neighbouring and the largest ids do not see one another’s sessions', async () => {
  await pair({ low: 1, high: largest, from: [1] });
  await pair({ low: 2, high: 3, from: [3] });
  await pair({ low: largest - 1, high: largest, from: [largest - 1], at: 2000 });
  expect(await recentIds(1)).toEqual([[1, largest]]);
  expect(await recentIds(2)).toEqual([[1, 3]]);
  expect(await recentIds(largest)).toEqual([
    [1, largest - 1],
    [1, 1],
  ]);
  expect(await counts(largest)).toEqual([
    [1, largest - 1, 1],
    [1, 1, 1],
  ]);
});

test('recent sessions are newest first, singles and groups together', async () => {
  await pair({ low: 1, high: 2, from: [2], at: 1000.2 });
  await pair({ low: 1, high: 3, from: [1, 3, 1], at: 3000.9, data: 'hello' });
  await groupMessages(5, 2, 2000);
  await member(5, 1, { read: 2 });
  expect(await recentIds(1)).toEqual([
    [1, 3],
    [2, 5],
    [1, 2],
  ]);
  expect((await recent(1))[0]).toEqual({
    sessionId: 3,
    sessionType: 1,
    sessionStatus: 0,
    updatedTime: 3000,
    latestMsgId: 3,
    latestMsgData: Buffer.from('hello'),
    latestMsgType: text,
    latestMsgFromUserId: 1,
  });
});

test('a request with the time of the last reply does not return the same session again', async () => {
  await pair({ low: 1, high: 2, from: [2], at: 1000.9 });
  await pair({ low: 1, high: 3, from: [3], at: 1001 });
  expect(await recentIds(1, 999)).toEqual([
    [1, 3],
    [1, 2],
  ]);
  expect(await recentIds(1, 1000)).toEqual([[1, 3]]);
  expect(await recentIds(1, 1001)).toEqual([]);
  expect(await recentIds(1, 0xffff_ffff)).toEqual([]);
});

test('a later message restores a removed session for the user who removed it', async () => {
  await pair({ low: 1, high: 2, from: [2, 2], lowRemoved: 2, highRemoved: 1 });
  await groupMessages(5, 3);
  await member(5, 1, { removed: 3 });
  await member(5, 2, { removed: 2 });
  await groupMessages(6, 3);
  await member(6, 1, { join: 3 });
  expect(await recentIds(1)).toEqual([]);
  expect(await counts(1)).toEqual([]);
  expect(await recentIds(2)).toEqual([
    [1, 1],
    [2, 5],
  ]);
});

test('history returns audio byte for byte', async () => {
  const sound = Buffer.concat([
    Buffer.of(0, 0, 0, 7),
    Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)),
  ]);
  await pair({ low: 1, high: 2, from: [2], type: audio, data: sound });
  const request = new teamtalk.db.HistoryRequest({
    userId: 1,
    sessionType: 1,
    sessionId: 2,
    msgIdBegin: 1,
    msgCnt: 1,
  });
  const [message] = (await messagesRpc(context).getHistory(request)).messages ?? [];
  expect(message).toMatchObject({ msgId: 1, msgType: audio, fromSessionId: 2 });
  expect(sound.equals(message?.msgData as Uint8Array)).toBe(true);
});

test('audio is shown as text in lists', async () => {
  await pair({ low: 1, high: 2, from: [2], type: audio, data: '\0\0\0\x05sound' });
  const [session] = await recent(1);
  expect(session?.latestMsgType).toBe(audio);
  const codec = createTextCodec(DEFAULT_TEXT_KEY);
  expect(codec.decrypt(session?.latestMsgData as Uint8Array)).toBe('[语音]');
  const [first] = (await unread(1)).unread ?? [];
  expect(codec.decrypt(first?.latestMsgData as Uint8Array)).toBe('[语音]');
});

test('lists at most the hundred newest sessions', async () => {
  await database.dataSource.query(
    `INSERT INTO conversation (conv, last_id, last_at) SELECT (1::int8 << 32) | n, 1, to_timestamp(n)
      FROM generate_series(2, 151) n`,
  );
  await database.dataSource.query(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      SELECT conv, 1, 1, 1, 0, last_at, 1, 'x'::bytea FROM conversation`,
  );
  const ids = (await recentIds(1)).map(([, id]) => id);
  expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => 151 - i));
  expect((await unread(1)).totalCnt).toBe(150);
});
