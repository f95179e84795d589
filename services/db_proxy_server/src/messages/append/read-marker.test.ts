import { createKit } from '@teamtalk/service-kit';
import pg, { type Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { poolOf } from '../../database/data-source.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { ReadMarkWriter } from './read-marker.js';

let database: TestDatabase;
let pool: Pool;
let writer: ReadMarkWriter;

/** Senders of the messages 1 to 8: user 1 (low) or 2 (high). */
const senders = [1, 2, 2, 1, 2, 1, 1, 2];

const kit = () =>
  createKit('db_proxy_server', { logLevel: process.env.LOG_LEVEL ?? 'silent', shutdownMs: 1000 });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  writer = new ReadMarkWriter(pool, kit(), 0);
});
afterAll(() => database.drop());

async function freshPair(): Promise<void> {
  await pool.query('TRUNCATE conversation, message');
  const lowSent = senders.filter((sender) => sender === 1).length;
  await pool.query(
    'INSERT INTO conversation (conv, last_id, low_sent) VALUES ((1::int8 << 32) | 2, $1, $2)',
    [senders.length, lowSent],
  );
  for (const [i, sender] of senders.entries()) {
    const seq = senders.slice(0, i + 1).filter((each) => each === sender).length;
    await pool.query(
      `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
        VALUES ((1::int8 << 32) | 2, $1, $2, $3, 0, now(), 1, '\\x00')`,
      [i + 1, sender, seq],
    );
  }
}

const markBy = (by: ReadMarkWriter, userId: number, sessionId: number, msgId: number, isGroup = false) =>
  new Promise<number>((resolve) => by.mark({ userId, sessionId, msgId, isGroup, done: resolve }));
const mark = (...given: [userId: number, sessionId: number, msgId: number, isGroup?: boolean]) =>
  markBy(writer, ...given);

async function unread(): Promise<{ low: number; high: number }> {
  const { rows } = await pool.query(
    'SELECT last_id - low_sent - low_seen AS low, low_sent - high_seen AS high FROM conversation',
  );
  return rows[0];
}

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4_000_000_000])(
  'read up to %d: unread is exactly what the other sent after it',
  async (msgId) => {
    await freshPair();
    const position = Math.min(msgId, senders.length);
    expect(await Promise.all([mark(1, 2, msgId), mark(2, 1, msgId)])).toEqual([position, position]);
    const after = senders.slice(position);
    expect(await unread()).toEqual({
      low: after.filter((sender) => sender === 2).length,
      high: after.filter((sender) => sender === 1).length,
    });
  },
);

test('a read position never moves back', async () => {
  await freshPair();
  expect(await mark(1, 2, 5)).toBe(5);
  expect(await mark(1, 2, 3)).toBe(5);
  expect(await unread()).toEqual({ low: 1, high: 4 });
});

test('an unknown conversation, an unknown group and a non-member get 0', async () => {
  expect(await Promise.all([mark(1, 77, 3), mark(1, 0, 3), mark(1, 78, 3, true)])).toEqual([0, 0, 0]);
});

test('a transaction that fails is repeated until the store is back', async () => {
  await freshPair();
  const locking = await pool.connect();
  const impatient = new pg.Pool({ connectionString: database.url, statement_timeout: 100 });
  const writing = new ReadMarkWriter(impatient, kit(), 0);
  try {
    await locking.query('BEGIN; LOCK conversation');
    const timedOut = vi.spyOn(impatient, 'query');
    const position = markBy(writing, 1, 2, 5);
    await vi.waitUntil(() => timedOut.mock.calls.length > 1, { timeout: 10_000 });
    await locking.query('COMMIT');
    expect(await position).toBe(5);
    expect(await unread()).toEqual({ low: 1, high: 4 });
  } finally {
    locking.release(true);
    await impatient.end();
  }
});

test('a transaction that cannot succeed is not repeated, nor one that fails while the replica stops', async () => {
  let error = Object.assign(new pg.DatabaseError('no such function', 0, 'error'), { code: '42883' }) as Error;
  const query = vi.fn(() => Promise.reject(error));
  const failing = new ReadMarkWriter({ query } as unknown as Pool, kit(), 0);
  expect(await markBy(failing, 1, 2, 5)).toBe(0);
  expect(query).toHaveBeenCalledTimes(1);
  error = new Error('connection refused');
  const position = markBy(failing, 1, 2, 5);
  await failing.settle();
  expect(await position).toBe(0);
  expect(query).toHaveBeenCalledTimes(2);
});

test('groups: clamped to the newest message, per member', async () => {
  await pool.query(`INSERT INTO im_user (id, name, password_hash) VALUES (1, 'a', ''), (2, 'b', '')`);
  await pool.query(`INSERT INTO chat_group (id, name, type) VALUES (9, 'g', 2)`);
  await pool.query('INSERT INTO group_member (group_id, user_id) VALUES (9, 1), (9, 2)');
  await pool.query('INSERT INTO conversation (conv, last_id) VALUES (9, 10)');
  expect(await Promise.all([mark(1, 9, 4, true), mark(2, 9, 100, true), mark(1, 9, 6, true)])).toEqual([
    6, 10, 6,
  ]);
});
