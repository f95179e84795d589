import { Commands, decodeBody, MsgType, PduDecoder } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { poolOf } from '../../database/data-source.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { type Entry, type Outcome, toEntry } from '../entry.js';
import { decodeOutboxPayload } from '../payload.js';
import type { StoredBatch } from '../stored-batch.js';
import { MessageWriter } from './message-writer.js';

let database: TestDatabase;
let pool: Pool;
let published: StoredBatch[];
/** Request ids of messages without a given one; above all given ones. */
let requestId = 100_000;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  await pool.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT i, 'u' || i, '' FROM generate_series(1, 50) i`,
  );
  await pool.query(`INSERT INTO chat_group (id, name, type) VALUES (7, 'seven', 2)`);
  await pool.query('INSERT INTO group_member (group_id, user_id) SELECT 7, i FROM generate_series(1, 3) i');
});
afterAll(() => database.drop());
beforeEach(() => {
  published = [];
});

function newWriter(partitions = 1, connections = pool): MessageWriter {
  return new MessageWriter({
    kit: createKit('db_proxy_server', { logLevel: process.env.LOG_LEVEL ?? 'silent', shutdownMs: 1000 }),
    pool: connections,
    partitions,
    spacingMs: 0,
    publisher: {
      publish: (batch) => published.push(batch) > 0,
      takeDelivered: () => [],
      returnDelivered: () => {},
    },
  });
}

interface Given {
  from: number;
  to: number;
  text?: string;
  type?: number;
  key?: string;
  requestId?: number;
  retry?: boolean;
  horizon?: number;
}

function append(writer: MessageWriter, given: Given): Promise<Outcome> {
  return new Promise((resolve) => writer.append(entryOf(given, resolve)));
}

function entryOf(
  { from, to, text = 'x', type = MsgType.SINGLE_TEXT, key = '', retry = false, ...rest }: Given,
  done: (outcome: Outcome) => void,
): Entry {
  requestId++;
  return toEntry(
    {
      requestId: rest.requestId ?? requestId,
      fromUserId: from,
      toSessionId: to,
      msgType: type,
      msgData: Buffer.from(text),
      clientKey: Buffer.from(key),
      connectionId: 9,
      retry,
      horizon: rest.horizon ?? 0,
      receivedAt: 0x9876_5432,
    },
    { originInstance: 0xfffffff1, horizon: rest.horizon ?? 0 },
    { finished: (_, outcome) => done(outcome) },
  );
}

const stored = (msgId: number): Outcome => ({ status: 'stored', msgId });
const unavailable: Outcome = { status: 'unavailable' };

async function rows(low: number, high: number) {
  const result = await pool.query(
    `SELECT id, from_id, sender_seq, convert_from(data, 'UTF8') AS text FROM message
      WHERE conv = ($1::int8 << 32) | $2 ORDER BY id`,
    [low, high],
  );
  return result.rows.map((row) => [row.id, row.from_id, row.sender_seq, row.text]);
}

test('numbers each conversation from 1, both sides in one sequence, in the order given', async () => {
  const writer = newWriter();
  const outcomes = await Promise.all([
    append(writer, { from: 1, to: 2, text: 'a' }),
    append(writer, { from: 2, to: 1, text: 'b' }),
    append(writer, { from: 4, to: 3, text: 'c' }),
    append(writer, { from: 2, to: 1, text: 'd' }),
    append(writer, { from: 1, to: 2, text: 'e' }),
  ]);
  expect(outcomes).toEqual([stored(1), stored(2), stored(1), stored(3), stored(4)]);
  expect(await append(writer, { from: 2, to: 1, text: 'f' })).toEqual(stored(5));
  expect(await rows(1, 2)).toEqual([
    [1, 1, 1, 'a'],
    [2, 2, 1, 'b'],
    [3, 2, 2, 'd'],
    [4, 1, 2, 'e'],
    [5, 2, 3, 'f'],
  ]);
  expect(await rows(3, 4)).toEqual([[1, 4, 1, 'c']]);
});

test('a committed message is published as the PDU for its receivers, and has an outbox row', async () => {
  const writer = newWriter();
  await append(writer, { from: 5, to: 6, text: 'hello', requestId: 77 });
  const message = published[0]?.messages[0];
  expect(message).toMatchObject({
    isGroup: false,
    fromUserId: 5,
    toSessionId: 6,
    msgId: 1,
    originInstance: 0xfffffff1,
    originRequestId: 77,
    originConnection: 9,
    receivedAt: 0x9876_5432,
  });
  const decoder = new PduDecoder(65536);
  decoder.push(message?.pdu as Buffer);
  const pdu = decoder.next();
  expect(pdu).toMatchObject({ commandId: 0x0301, seqNum: 0 });
  const body = decodeBody(Commands.MsgData, pdu?.body as Buffer);
  expect({ ...body }).toEqual({
    fromUserId: 5,
    toSessionId: 6,
    msgId: 1,
    createTime: expect.closeTo(Date.now() / 1000, -1),
    msgType: 1,
    msgData: Buffer.from('hello'),
  });
  const { rows: outbox } = await pool.query('SELECT bases, payload FROM outbox WHERE id = $1', [
    published[0]?.outboxId,
  ]);
  expect(decodeOutboxPayload(outbox[0].payload, outbox[0].bases)).toEqual([
    {
      isGroup: false,
      low: 5,
      high: 6,
      fromUserId: 5,
      toSessionId: 6,
      msgId: 1,
      originInstance: 0xfffffff1,
      originRequestId: 77,
      originConnection: 9,
      receivedAt: 0x9876_5432,
    },
  ]);
});

test('an unknown receiver gets no conversation and no number, and others are not affected', async () => {
  const writer = newWriter();
  const outcomes = await Promise.all([
    append(writer, { from: 1, to: 999 }),
    append(writer, { from: 8, to: 9, text: 'good' }),
    append(writer, { from: 999, to: 8 }),
  ]);
  expect(outcomes).toEqual([{ status: 'unknown-receiver' }, stored(1), { status: 'unknown-receiver' }]);
  const { rows: conversations } = await pool.query(
    'SELECT FROM conversation WHERE conv & 4294967295 = 999 OR conv >> 32 = 999',
  );
  expect(conversations).toHaveLength(0);
  expect(published[0]?.messages).toHaveLength(1);
  const { rows: outbox } = await pool.query('SELECT bases FROM outbox WHERE id = $1', [
    published[0]?.outboxId,
  ]);
  expect(outbox[0].bases.filter((base: number | null) => base !== null)).toEqual([0]);
});

test('two concurrent first messages of a pair, through two replicas, get 1 and 2', async () => {
  const [one, two] = [newWriter(), newWriter()];
  const outcomes = await Promise.all([append(one, { from: 10, to: 11 }), append(two, { from: 11, to: 10 })]);
  expect(outcomes.map((outcome) => outcome.status === 'stored' && outcome.msgId).sort()).toEqual([1, 2]);
});

test('the same key from the same sender to the same session is the same message', async () => {
  const writer = newWriter();
  const together = await Promise.all([
    append(writer, { from: 12, to: 13, key: 'k', text: 'once' }),
    append(writer, { from: 12, to: 13, key: 'k', text: 'once' }),
    append(writer, { from: 13, to: 12, key: 'k', text: 'other sender' }),
  ]);
  expect(together).toEqual([stored(1), stored(1), stored(2)]);
  const later = await Promise.all([
    append(writer, { from: 12, to: 13, text: 'no key' }),
    append(writer, { from: 12, to: 13, key: 'k', text: 'once' }),
  ]);
  expect(later).toEqual([stored(3), stored(1)]);
  expect(await rows(12, 13)).toHaveLength(3);
});

test('the same key concurrently through two replicas is one message', async () => {
  const writers = [newWriter(), newWriter()];
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      append(writers[i % 2] as MessageWriter, { from: 14, to: 15, key: `key ${i >> 1}` }),
    ),
  );
  for (let i = 0; i < 20; i += 2) expect(outcomes[i]).toEqual(outcomes[i + 1]);
  expect(await rows(14, 15)).toHaveLength(10);
});

test('a retry after a broken connection is recognised by its request id', async () => {
  const writer = newWriter();
  expect(await append(writer, { from: 16, to: 17, requestId: 1000 })).toEqual(stored(1));
  const outcomes = await Promise.all([
    append(newWriter(), { from: 16, to: 17, requestId: 1000, retry: true }),
    append(writer, { from: 16, to: 17, requestId: 1001, retry: true, text: 'was never stored' }),
  ]);
  expect(outcomes).toEqual([stored(1), stored(2)]);
});

test('a retry in the same batch as its first attempt is the same message, in either order, and keeps the order', async () => {
  const writer = newWriter();
  const one = { from: 24, to: 25, requestId: 5000, text: 'one' };
  const two = { from: 24, to: 25, requestId: 5002, text: 'two' };
  const again = <Sent extends object>(sent: Sent) => ({ ...sent, retry: true });
  const outcomes = await Promise.all([one, two, again(one), again(two)].map((sent) => append(writer, sent)));
  expect(outcomes).toEqual([stored(1), stored(2), stored(1), stored(2)]);
  const three = { ...one, requestId: 5004, text: 'three' };
  const late = await Promise.all(
    [again(three), again(two), three, again(three)].map((sent) => append(writer, sent)),
  );
  expect(late).toEqual([stored(3), stored(2), stored(3), stored(3)]);
  expect(await rows(24, 25)).toEqual([
    [1, 24, 1, 'one'],
    [2, 24, 2, 'two'],
    [3, 24, 3, 'three'],
  ]);
  expect(await append(newWriter(), one), 'a delayed statement of another replica').toEqual(stored(1));
});

test('a retry is recognised after any number of newer messages in the conversation', async () => {
  const writer = newWriter();
  expect(await append(writer, { from: 47, to: 48, requestId: 3000 })).toEqual(stored(1));
  await Promise.all(Array.from({ length: 2_500 }, () => append(writer, { from: 48, to: 47 })));
  expect(await append(newWriter(), { from: 47, to: 48, requestId: 3000, retry: true })).toEqual(stored(1));
});

test('a first attempt that comes after its retry was stored elsewhere is recognised', async () => {
  const { rows: asked } = await pool.query('SELECT transaction_horizon()::float8 AS id');
  const horizon = asked[0].id as number;
  const sent = { from: 39, to: 40, requestId: 4000, horizon };
  expect(await append(newWriter(), { ...sent, retry: true })).toEqual(stored(1));
  for (let i = 0; i < 20; i++) await append(newWriter(), { from: 40, to: 39 });
  expect(await append(newWriter(), sent)).toEqual(stored(1));
  expect(await rows(39, 40)).toHaveLength(21);
});

/**
 * A writer whose next statement outlives its connection: it reaches PostgreSQL when `release` is called, while the writer
 * sees a broken connection.
 */
function writerWithOrphan() {
  let release: (() => Promise<unknown>) | undefined;
  const slow = {
    connect: async () => {
      const client = await pool.connect();
      if (release) return client;
      return {
        listeners: () => [],
        on: () => {},
        release: () => client.release(),
        query: (statement: string) => {
          release = () => pool.query(statement);
          throw new Error('the connection broke');
        },
      };
    },
  } as unknown as Pool;
  return { writer: newWriter(1, slow), orphan: () => release!() };
}

test('a statement that outlives its connection does not store retried messages again', async () => {
  const { writer, orphan } = writerWithOrphan();
  expect(await append(writer, { from: 41, to: 42, text: 'one' })).toEqual(stored(1));
  await expect(orphan()).rejects.toMatchObject({ code: '40001' });
  expect(await rows(41, 42)).toEqual([[1, 41, 1, 'one']]);
});

test('an entry that cannot be stored times out, even if the wall clock is changed', async () => {
  const away = { connect: () => Promise.reject(new Error('away')) } as unknown as Pool;
  const outcome = append(newWriter(1, away), { from: 49, to: 50 });
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  expect(await outcome).toEqual({ status: 'unavailable' });
  clock.mockRestore();
});

test('a retry waits for a first attempt that is still creating the conversation', async () => {
  const first = await pool.connect();
  await first.query('BEGIN');
  const held = {
    connect: async () => ({
      listeners: () => [],
      on: () => {},
      release: () => {},
      query: (statement: string) => first.query(statement),
    }),
  } as unknown as Pool;
  expect(await append(newWriter(1, held), { from: 43, to: 44, requestId: 2000 })).toEqual(stored(1));
  const again = append(newWriter(), { from: 43, to: 44, requestId: 2000, retry: true });
  await expect
    .poll(async () => {
      const { rows: waiting } = await pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return waiting.length;
    })
    .toBeGreaterThan(0);
  await first.query('COMMIT');
  first.release();
  expect(await again).toEqual(stored(1));
  expect(await rows(43, 44)).toHaveLength(1);
});

test('groups: only members write, numbered like pairs; writing marks earlier messages as read', async () => {
  const writer = newWriter();
  const outcomes = await Promise.all([
    append(writer, { from: 1, to: 7, type: MsgType.GROUP_TEXT }),
    append(writer, { from: 40, to: 7, type: MsgType.GROUP_TEXT }),
    append(writer, { from: 2, to: 7, type: MsgType.GROUP_TEXT }),
    append(writer, { from: 1, to: 8, type: MsgType.GROUP_TEXT }),
  ]);
  expect(outcomes).toEqual([stored(1), { status: 'not-a-member' }, stored(2), { status: 'not-a-member' }]);
  const { rows: members } = await pool.query(
    'SELECT user_id, read_id FROM group_member WHERE group_id = 7 ORDER BY 1',
  );
  expect(members).toEqual([
    { user_id: 1, read_id: 1 },
    { user_id: 2, read_id: 2 },
    { user_id: 3, read_id: 0 },
  ]);
  expect(published.at(-1)?.messages.map((message) => message.groupVersion)).toEqual([1, 1]);
});

test('a batch to a group and to a pair never uses the pair’s key as a group id, in any query plan', async () => {
  const writer = newWriter();
  await pool.query('ANALYZE');
  for (let i = 0; i < 10; i++) {
    const outcomes = await Promise.all([
      append(writer, { from: 1, to: 7, type: MsgType.GROUP_TEXT }),
      append(writer, { from: 45, to: 46 }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored']);
  }
  // The batch was not split.
  expect(published).toHaveLength(10);
});

test('a thousand messages of many pairs, through two replicas with two partitions each: no gap, no deadlock', async () => {
  const writers = [newWriter(2), newWriter(2)];
  const outcomes = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => {
      const from = 20 + (i % 10);
      const to = 30 + ((i * 7) % 10);
      return append(writers[i % 2] as MessageWriter, i % 3 ? { from, to } : { from: to, to: from });
    }),
  );
  expect(outcomes.every((outcome) => outcome.status === 'stored')).toBe(true);
  const { rows: wrong } = await pool.query(
    `SELECT c.conv FROM conversation c JOIN message m USING (conv)
      GROUP BY c.conv, c.last_id, c.low_sent
      HAVING count(*) <> c.last_id OR max(m.id) <> c.last_id
        OR count(*) FILTER (WHERE m.from_id = c.conv >> 32) <> CASE WHEN c.conv < 4294967296 THEN 0 ELSE c.low_sent END`,
  );
  expect(wrong).toEqual([]);
});

test('settle waits for pending entries; nothing is acknowledged before the commit', async () => {
  const writer = newWriter();
  let answered = 0;
  for (let i = 0; i < 50; i++) writer.append(entryOf({ from: 18, to: 19 }, () => answered++));
  expect(answered).toBe(0);
  await writer.settle();
  expect(answered).toBe(50);
  expect(await rows(18, 19)).toHaveLength(50);
});

test('discarded entries that are not in a transaction yet are not stored', async () => {
  const writer = newWriter();
  const entry = entryOf({ from: 31, to: 32 }, () => {});
  writer.append(entry);
  writer.discard(entry.caller);
  await writer.settle();
  expect(await rows(31, 32)).toHaveLength(0);
});

/** Stops the clock by which entries age. */
function stopClock() {
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return {
    advance: (ms: number) => {
      now += ms;
    },
  };
}

/** A writer whose connections fail until `end` is called; the last attempt that failed is awaited by `failed`. */
function writerWithoutStore() {
  let away = true;
  let attempts = 0;
  const connections = {
    connect: () => {
      attempts++;
      return away ? Promise.reject(new Error('away')) : pool.connect();
    },
  } as unknown as Pool;
  return {
    writer: newWriter(1, connections),
    end: () => {
      away = false;
    },
    /** Waits for so many more attempts. */
    failed: (times = 1) => {
      const before = attempts;
      return expect.poll(() => attempts).toBeGreaterThanOrEqual(before + times);
    },
  };
}

test('what a caller had sent before it went elsewhere is not stored when the store comes back', async () => {
  const { writer, end, failed } = writerWithoutStore();
  const entry = entryOf({ from: 33, to: 34 }, () => {});
  writer.append(entry);
  await failed();
  writer.discard(entry.caller);
  end();
  await writer.settle();
  expect(await rows(33, 34)).toHaveLength(0);
});

test('with an entry that is too old go its sender’s later ones in the conversation, and no others', async () => {
  const clock = stopClock();
  const { writer, end, failed } = writerWithoutStore();
  const old = (given: Given, done: (outcome: Outcome) => void) =>
    Object.assign(entryOf(given, done), { arrived: performance.now() - 2_900 });
  const outcomes = Promise.all([
    new Promise<Outcome>((done) => writer.append(old({ from: 35, to: 36 }, done))),
    append(writer, { from: 35, to: 36 }),
    append(writer, { from: 36, to: 35 }),
    append(writer, { from: 37, to: 38 }),
  ]);
  await failed();
  clock.advance(150);
  await expect.poll(() => writer.depth).toBe(0);
  await failed(3);
  end();
  expect(await outcomes).toEqual([unavailable, unavailable, stored(1), stored(1)]);
});

test('with an entry that is too old go those that wait behind it, but not what its sender sends afterwards', async () => {
  const clock = stopClock();
  const { writer, end, failed } = writerWithoutStore();
  const first = append(writer, { from: 28, to: 29 });
  await failed();
  await expect.poll(() => writer.depth).toBe(0);
  clock.advance(2_900);
  const behind = [
    append(writer, { from: 28, to: 29 }),
    append(writer, { from: 29, to: 28 }),
    append(writer, { from: 28, to: 30 }),
  ];
  clock.advance(150);
  expect(await first).toEqual(unavailable);
  end();
  expect(await Promise.all(behind)).toEqual([unavailable, stored(1), stored(1)]);
  expect(await append(writer, { from: 28, to: 29 })).toEqual(stored(2));
});

test('after an entry that was too old, a moment passes in which it shows that its caller is gone', async () => {
  const clock = stopClock();
  const { writer, end, failed } = writerWithoutStore();
  const tooOld = new Promise<void>((done) => {
    const entry = entryOf({ from: 26, to: 27 }, () => {
      vi.useFakeTimers({ toFake: ['setTimeout'] });
      done();
    });
    writer.append(Object.assign(entry, { arrived: performance.now() - 2_900 }));
  });
  await failed();
  clock.advance(150);
  await tooOld;
  end();
  const behind = entryOf({ from: 26, to: 27 }, () => {});
  writer.append(behind);
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  writer.discard(behind.caller);
  vi.runAllTimers();
  vi.useRealTimers();
  await writer.settle();
  expect(await rows(26, 27)).toEqual([]);
});
