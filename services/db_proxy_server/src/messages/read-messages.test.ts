import { Commands, decodeBody, MSG_SERVER_FRAME_LIMIT, MsgType, PduDecoder } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { messagesRpc } from './rpc.js';

const single = 1;
const group = 2;
const big = 0x7fff_fffe;

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  const { dataSource } = database;
  const insert = (conv: string, from: string, count: number, data = `('m' || n)::bytea`) =>
    dataSource.query(
      `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
        SELECT ${conv}, n, ${from}, 0, (4042322161::int8 << 32) | n, to_timestamp(1000 + n + 0.9), 1, ${data}
        FROM generate_series(1, ${count}) n`,
    );
  await insert('(5::int8 << 32) | 9', 'CASE n % 2 WHEN 0 THEN 5 ELSE 9 END', 250);
  await insert(`(${big}::int8 << 32) | ${big + 1}`, `${big}`, 3);
  await insert('(5::int8 << 32) | 6', '5', 40, `decode(repeat('00', 1000000), 'hex')`);
  await insert('7', '5', 50);
  await dataSource.query(
    `INSERT INTO conversation (conv, last_id, low_sent) VALUES
      ((5::int8 << 32) | 9, 250, 125), ((${big}::int8 << 32) | ${big + 1}, 3, 3), ((5::int8 << 32) | 6, 40, 40), (7, 50, 0)`,
  );
  await dataSource.query(`INSERT INTO im_user (id, name, password_hash) VALUES (5, 'a', ''), (9, 'b', '')`);
  await dataSource.query(`INSERT INTO chat_group (id, name, type) VALUES (7, 'seven', 2)`);
  await dataSource.query(
    'INSERT INTO group_member (group_id, user_id, join_msg_id) VALUES (7, 5, 0), (7, 9, 45)',
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

/** Ids of a history page. */
async function history(request: teamtalk.db.HistoryRequest.$Properties): Promise<number[]> {
  const reply = await messagesRpc(context).getHistory(
    new teamtalk.db.HistoryRequest({ sessionType: single, msgCnt: 10, ...request }),
  );
  return (reply.messages ?? []).map(({ msgId }) => msgId as number);
}

async function byIds(request: teamtalk.db.MessagesByIdRequest.$Properties): Promise<number[]> {
  const reply = await messagesRpc(context).getMessages(
    new teamtalk.db.MessagesByIdRequest({ sessionType: single, ...request }),
  );
  return (reply.messages ?? []).map(({ msgId }) => msgId as number);
}

async function latest(userId: number, sessionId: number, sessionType = single) {
  const request = new teamtalk.db.SessionRequest({ userId, sessionId, sessionType });
  return (await messagesRpc(context).getLatestMessageId(request)).msgId;
}

async function range(request: teamtalk.db.StoredRangeRequest.$Properties) {
  const reply = await messagesRpc(context).getStoredRange(new teamtalk.db.StoredRangeRequest(request));
  return reply.messages ?? [];
}

function downFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first - i);
}

test('a message has its real sender, time in seconds and bytes', async () => {
  const request = { userId: 5, sessionType: single, sessionId: 9, msgIdBegin: 2, msgCnt: 2 };
  const reply = await messagesRpc(context).getHistory(new teamtalk.db.HistoryRequest(request));
  expect(reply.messages).toEqual([
    { msgId: 2, fromSessionId: 5, createTime: 1002, msgType: 1, msgData: Buffer.from('m2') },
    { msgId: 1, fromSessionId: 9, createTime: 1001, msgType: 1, msgData: Buffer.from('m1') },
  ]);
});

test('history is newest first, from the newest or from an id, the same for both users', async () => {
  for (const [userId, sessionId] of [
    [5, 9],
    [9, 5],
  ] as const) {
    expect(await history({ userId, sessionId })).toEqual(downFrom(250, 10));
    expect(await history({ userId, sessionId, msgIdBegin: 200, msgCnt: 3 })).toEqual([200, 199, 198]);
    expect(await history({ userId, sessionId, msgIdBegin: 2 })).toEqual([2, 1]);
    expect(await history({ userId, sessionId, msgIdBegin: 0xffff_ffff, msgCnt: 1 })).toEqual([250]);
    expect(await history({ userId, sessionId, msgCnt: 0 })).toEqual([]);
    expect(await history({ userId, sessionId, msgCnt: 0xffff_ffff })).toEqual(downFrom(250, 250));
  }
});

test('users see only their own conversations', async () => {
  expect(await history({ userId: 6, sessionId: 9 })).toEqual([]);
  expect(await history({ userId: 9, sessionId: 9 })).toEqual([]);
  expect(await history({ userId: 0, sessionId: 7 }), 'no way to a group by its key').toEqual([]);
  expect(await byIds({ userId: 0, sessionId: 7, msgIds: [1] })).toEqual([]);
  expect(await latest(0, 7)).toBe(0);
  expect(await latest(6, 9)).toBe(0);
});

test('the largest ids work, larger ones belong to nobody', async () => {
  expect(await history({ userId: big, sessionId: big + 1 })).toEqual([3, 2, 1]);
  expect(await latest(big + 1, big)).toBe(3);
  for (const id of [0x8000_0000, 0xffff_ffff]) {
    expect(await history({ userId: id, sessionId: 5 })).toEqual([]);
    expect(await history({ userId: 5, sessionId: id })).toEqual([]);
    expect(await latest(5, id, group)).toBe(0);
    expect(await range({ userId: 5, sessionType: single, sessionId: id, lastMsgId: 9 })).toEqual([]);
  }
});

test('group members see messages after they joined, others see none', async () => {
  const sessionType = group;
  expect(await history({ userId: 5, sessionType, sessionId: 7 })).toEqual(downFrom(50, 10));
  expect(await history({ userId: 9, sessionType, sessionId: 7 })).toEqual(downFrom(50, 5));
  expect(await history({ userId: 9, sessionType, sessionId: 7, msgIdBegin: 45 })).toEqual([]);
  expect(await history({ userId: 6, sessionType, sessionId: 7 })).toEqual([]);
  expect(await byIds({ userId: 9, sessionType, sessionId: 7, msgIds: [44, 45, 46, 50] })).toEqual([50, 46]);
  expect(await byIds({ userId: 6, sessionType, sessionId: 7, msgIds: [50] })).toEqual([]);
  expect(await latest(9, 7, group)).toBe(50);
  expect(await latest(6, 7, group)).toBe(0);
  expect(await latest(9, 8, group)).toBe(0);
});

test('a member who joined after the newest message sees none', async () => {
  const { dataSource } = database;
  await dataSource.query('UPDATE group_member SET join_msg_id = 50 WHERE user_id = 9');
  expect(await latest(9, 7, group)).toBe(0);
  expect(await history({ userId: 9, sessionType: group, sessionId: 7 })).toEqual([]);
  await dataSource.query('UPDATE group_member SET join_msg_id = 45 WHERE user_id = 9');
});

test('messages by id: the existing ones of the first hundred ids, each once', async () => {
  const wanted = { userId: 5, sessionId: 9 };
  expect(await byIds({ ...wanted, msgIds: [3, 250, 3, 0, 251, 0x8000_0000, 0xffff_ffff] })).toEqual([250, 3]);
  expect(await byIds({ ...wanted, msgIds: [] })).toEqual([]);
  const many = Array.from({ length: 200 }, (_, i) => i + 1);
  expect(await byIds({ ...wanted, msgIds: many })).toEqual(downFrom(100, 100));
});

test('the newest id', async () => {
  expect(await latest(5, 9)).toBe(250);
  expect(await latest(9, 5)).toBe(250);
  expect(await latest(5, 8)).toBe(0);
});

test('an unknown kind of session is refused', async () => {
  await expect(history({ userId: 5, sessionId: 9, sessionType: 3 })).rejects.toMatchObject({
    code: 'invalid-argument',
  });
});

test('large messages shorten a page, so that a reply fits gRPC’s limit', async () => {
  expect(await history({ userId: 5, sessionId: 6, msgCnt: 100 })).toEqual(downFrom(40, 16));
  const mib = 1024 * 1024;
  for (const [maxBytes, count] of [
    [1, 1],
    [3 * mib, 3],
    [100 * mib, 16],
  ] as const) {
    expect(await history({ userId: 5, sessionId: 6, msgCnt: 100, maxBytes })).toEqual(downFrom(40, count));
  }
  const messages = await range({
    userId: 5,
    sessionType: single,
    sessionId: 6,
    firstMsgId: 3,
    lastMsgId: 40,
  });
  expect(messages.map(({ msgId }) => msgId)).toEqual(Array.from({ length: 16 }, (_, i) => i + 3));
});

function decoded(pdu: Uint8Array | null | undefined) {
  const decoder = new PduDecoder(MSG_SERVER_FRAME_LIMIT);
  decoder.push(Buffer.from(pdu as Uint8Array));
  const only = decoder.next();
  if (!only || decoder.pendingBytes > 0) throw new Error('not one PDU');
  return { seqNum: only.seqNum, commandId: only.commandId, ...decodeBody(Commands.MsgData, only.body) };
}

test('a stored range is in delivery form: consecutive, ascending, with trace ids', async () => {
  for (const [userId, sessionId] of [
    [5, 9],
    [9, 5],
  ] as const) {
    const messages = await range({
      userId,
      sessionType: single,
      sessionId,
      firstMsgId: 249,
      lastMsgId: 400,
    });
    expect(
      messages.map(({ msgId, originInstance, originRequestId }) => [msgId, originInstance, originRequestId]),
    ).toEqual([
      [249, 4042322161, 249],
      [250, 4042322161, 250],
    ]);
    const [odd, even] = messages.map(({ pdu }) => decoded(pdu));
    expect(odd).toMatchObject({
      seqNum: 0,
      commandId: 0x0301,
      fromUserId: 9,
      toSessionId: 5,
      msgId: 249,
      createTime: 1249,
      msgType: MsgType.SINGLE_TEXT,
    });
    expect(Buffer.from(odd?.msgData ?? '').toString()).toBe('m249');
    expect(even).toMatchObject({ fromUserId: 5, toSessionId: 9, msgId: 250 });
  }
});

test('a stored range of a group is complete, without a permission check', async () => {
  const messages = await range({ sessionType: group, sessionId: 7, firstMsgId: 1, lastMsgId: 2 });
  expect(messages.map(({ pdu }) => decoded(pdu).toSessionId)).toEqual([7, 7]);
  expect(await range({ sessionType: group, sessionId: 8, firstMsgId: 1, lastMsgId: 2 })).toEqual([]);
});

test('reads use the primary key, whatever the table statistics', async () => {
  const plan: { 'QUERY PLAN': string }[] = await database.dataSource.query(
    `EXPLAIN SELECT * FROM message m WHERE m.conv = ((least(5::int8, 9::int8) << 32) | greatest(5::int8, 9::int8))
      AND m.id <= 100 ORDER BY m.id DESC LIMIT 10`,
  );
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index Scan Backward using message_p\d+_pkey/);
  expect(text.match(/message_p\d+ /g)).toHaveLength(1);
});
