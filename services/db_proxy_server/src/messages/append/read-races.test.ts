import { createKit } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MessageSender } from '../../testing/message-sender.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { ReadMarkWriter } from './read-marker.js';

/** Reading a conversation while messages to it are being stored, by several replicas. */

const pairs = 5;
const messagesEach = 80;

let database: TestDatabase;
const pools: pg.Pool[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'user ' || n, '' FROM generate_series(1, $1::int) n`,
    [2 * pairs],
  );
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

/** The writers of one replica. */
function openReplica() {
  const pool = new pg.Pool({ connectionString: database.url });
  pools.push(pool);
  const kit = createKit('db_proxy_server', {
    logLevel: process.env.LOG_LEVEL ?? 'silent',
    shutdownMs: 1_000,
  });
  const sender = new MessageSender(pool);
  const writer = new ReadMarkWriter(pool, kit, 0);
  return {
    say: async (from: number, to: number): Promise<number> => {
      const outcome = await sender.send({ from, to });
      if (outcome.status !== 'stored') throw new Error(outcome.status);
      return outcome.msgId;
    },
    read: (userId: number, sessionId: number, msgId: number): Promise<number> =>
      new Promise((done) => writer.mark({ userId, isGroup: false, sessionId, msgId, done })),
  };
}

/** Conversations whose unread counts are not what was sent after the read positions. */
function miscounted(): Promise<unknown[]> {
  return database.dataSource.query(`
    SELECT * FROM (
      SELECT c.conv, c.last_id - c.low_sent - c.low_seen AS low, c.low_sent - c.high_seen AS high,
        (SELECT count(*) FROM message m WHERE m.conv = c.conv AND m.id > c.low_read AND m.from_id <> c.conv >> 32)
          AS low_expected,
        (SELECT count(*) FROM message m WHERE m.conv = c.conv AND m.id > c.high_read AND m.from_id = c.conv >> 32)
          AS high_expected
      FROM conversation c
    ) counts WHERE low <> low_expected OR high <> high_expected`);
}

test('a position is kept although a message was being stored when it was marked', async () => {
  const { say, read } = openReplica();
  await say(1, 2);
  const msgId = await say(1, 2);
  const writing = new pg.Client({ connectionString: database.url });
  await writing.connect();
  try {
    // As append_messages does until its transaction ends.
    await writing.query('BEGIN');
    await writing.query('UPDATE conversation SET last_id = last_id + 1, low_sent = low_sent + 1');
    const position = read(2, 1, msgId);
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await writing.query(waiting)).rowCount).toBe(1);
    await writing.query(`
      INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      SELECT conv, last_id, 1, low_sent, 0, now(), 1, '' FROM conversation`);
    await writing.query('COMMIT');
    expect(await position).toBe(msgId);
  } finally {
    await writing.end();
  }
  expect(await miscounted()).toEqual([]);
});

test('both users of a pair write and read at once, each at any replica', async () => {
  const replicas = [openReplica(), openReplica()] as const;
  let turn = 0;
  const next = () => replicas[turn++ % 2]!;
  const lost: string[] = [];
  const chat = async (user: number, peer: number) => {
    for (let i = 0; i < messagesEach; i++) {
      const newest = await next().say(user, peer);
      const msgId = Math.max(1, newest - (i % 3));
      const position = await next().read(user, peer, msgId);
      if (position < msgId) lost.push(`user ${user} read up to ${msgId}, position ${position}`);
    }
  };
  const low = Array.from({ length: pairs }, (_, i) => 2 * i + 1);
  await Promise.all(low.flatMap((user) => [chat(user, user + 1), chat(user + 1, user)]));
  expect(lost).toEqual([]);
  expect(await miscounted()).toEqual([]);
});
