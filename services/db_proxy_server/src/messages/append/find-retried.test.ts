import { waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poolOf } from '../../database/data-source.js';
import { Database } from '../../database/database.js';
import { sqlFunction } from '../../migrations/sql-function.js';
import { MessageSender } from '../../testing/message-sender.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { purgeRetriedMessages } from './retried-messages.js';

let database: TestDatabase;
let pool: Pool;
let sender: MessageSender;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  await pool.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT i, 'u' || i, '' FROM generate_series(1, 50) i`,
  );
  sender = new MessageSender(pool);
});
afterAll(() => database.drop());

const stored = (msgId: number) => ({ status: 'stored', msgId });
const convOf = (low: number, high: number) => `((${low}::int8 << 32) | ${high})`;

/** Transactions of other databases on the server hold it back, too. */
async function currentHorizon(): Promise<number> {
  const { rows } = await pool.query('SELECT transaction_horizon() AS id');
  return Number(rows[0].id);
}

/** A horizon above every transaction so far. */
async function horizon(): Promise<number> {
  const { rows } = await pool.query('SELECT pg_current_xact_id()::text::int8 & 4294967295 AS id');
  const last = Number(rows[0].id);
  const above = async () => {
    const id = await currentHorizon();
    return id > last && id;
  };
  return waitUntil(above, { timeoutMs: 20_000, what: 'every earlier transaction ended' });
}

/** Adds messages to the conversation, each from a finished transaction. */
async function fill(low: number, high: number, count: number): Promise<void> {
  await pool.query(
    `WITH moved AS (
       INSERT INTO conversation (conv, last_id) VALUES (${convOf(low, high)}, $1)
       ON CONFLICT (conv) DO UPDATE SET last_id = conversation.last_id + $1 RETURNING last_id - $1 AS base)
     INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
       SELECT ${convOf(low, high)}, base + i, 1, base + i, i, clock_timestamp(), 1, 'x' FROM moved, generate_series(1, $1) i`,
    [count],
  );
}

/** Rows of `message` read by PostgreSQL so far. */
async function rowsRead(): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    `SELECT sum(idx_tup_fetch + seq_tup_read)::int8 AS n FROM pg_stat_user_tables WHERE relname LIKE 'message_p%'`,
  );
  return Number(rows[0].n);
}

test.each([
  ['unknown', async () => 0],
  ['known', horizon],
])('a retry is recognised whatever the clock did meanwhile; horizon: %s', async (which, take) => {
  const [from, to] = which === 'known' ? [1, 2] : [3, 4];
  const since = await take();
  for (const [requestId, step] of [
    [1001, '-1 hour'],
    [1002, '1 hour'],
  ] as const) {
    const first = await sender.send({ from, to, requestId });
    // Simulates a clock change by this amount.
    await pool.query(
      `UPDATE message SET created_at = created_at + $1::interval WHERE conv = ${convOf(from, to)}`,
      [step],
    );
    expect(await sender.send({ from, to, requestId, retry: true, horizon: since })).toEqual(first);
  }
});

test('a retry with a horizon is recognised after any number of transactions', async () => {
  const since = await horizon();
  expect(await sender.send({ from: 5, to: 6, requestId: 2001 })).toEqual(stored(1));
  await pool.query(
    'DO $$ BEGIN FOR i IN 1..110000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
  );
  expect(await sender.send({ from: 5, to: 6, requestId: 2001, retry: true, horizon: since })).toEqual(
    stored(1),
  );
  expect((await horizon()) - since).toBeGreaterThan(110_000);
  // A horizon in the future is from another timeline, and is ignored.
  const ahead = (await horizon()) + 1_000_000;
  expect(await sender.send({ from: 5, to: 6, requestId: 2002 })).toEqual(stored(2));
  expect(await sender.send({ from: 5, to: 6, requestId: 2002, retry: true, horizon: ahead })).toEqual(
    stored(2),
  );
});

test('a retry is recognised behind a message whose older transaction got the lock later', async () => {
  const early = await pool.connect();
  await early.query('BEGIN');
  await early.query('SELECT pg_current_xact_id()');
  const since = await currentHorizon();
  expect(await sender.send({ from: 7, to: 8, requestId: 3001 })).toEqual(stored(1));
  await early.query(`UPDATE conversation SET last_id = 2 WHERE conv = ${convOf(7, 8)}`);
  await early.query(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      VALUES (${convOf(7, 8)}, 2, 7, 2, 1, now(), 1, 'x')`,
  );
  await early.query('COMMIT');
  early.release();
  expect(await sender.send({ from: 7, to: 8, requestId: 3001, retry: true, horizon: since })).toEqual(
    stored(1),
  );
});

test('a retry is recognised although long transactions end while it is looked for', async () => {
  const since = await horizon();
  const first = await sender.send({ from: 19, to: 20, requestId: 8001 });
  await pool.query('DO $$ BEGIN FOR i IN 1..100 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$');
  while ((await currentHorizon()) < since + 100) await horizon();
  const { rows } = await pool.query(`SELECT prosrc FROM pg_proc WHERE proname = 'transaction_horizon'`);
  // As if transactions were open at the first reading that are over at the next.
  await pool.query('CREATE SEQUENCE readings');
  await pool.query(
    `CREATE OR REPLACE FUNCTION transaction_horizon() RETURNS int8 LANGUAGE sql VOLATILE
     AS $$ SELECT (${rows[0].prosrc.replace('SELECT', '')}) - CASE nextval('readings') WHEN 1 THEN 50 ELSE 0 END $$`,
  );
  try {
    expect(await sender.send({ from: 19, to: 20, requestId: 8001, retry: true, horizon: since })).toEqual(
      first,
    );
  } finally {
    await pool.query(sqlFunction('transaction_horizon', 1));
  }
});

test('400 retries in a conversation with 240,000 new messages read only messages since their first attempt', async () => {
  await fill(9, 10, 240_000);
  const since = await horizon();
  const requestIds = Array.from({ length: 400 }, (_, i) => 4001 + i);
  const firsts = await Promise.all(
    requestIds.map((requestId) => sender.send({ from: 9, to: 10, requestId })),
  );
  const before = await rowsRead();
  const again = requestIds.map((requestId) =>
    sender.send({ from: 9, to: 10, requestId, retry: true, horizon: since }),
  );
  expect(await Promise.all(again)).toEqual(firsts);
  expect((await rowsRead()) - before).toBeLessThan(2_000);
});

test('a retry from too far back is neither stored nor acknowledged', async () => {
  const since = await horizon();
  await fill(11, 12, 1);
  await pool.query(`UPDATE conversation SET last_id = 1500000 WHERE conv = ${convOf(11, 12)}`);
  const [lost, other] = await Promise.all([
    sender.send({ from: 11, to: 12, requestId: 5001, retry: true, horizon: since }),
    sender.send({ from: 13, to: 14, requestId: 5002 }),
  ]);
  expect(lost).toEqual({ status: 'unavailable' });
  expect(other).toEqual(stored(1));
  const { rows } = await pool.query(`SELECT count(*)::int AS n FROM message WHERE conv = ${convOf(11, 12)}`);
  expect(rows[0].n).toBe(1);
});

test('a retry by a replica of the version before is recognised', async () => {
  const call = (retried: string) =>
    pool.query(
      `SELECT bases, known_id FROM append_messages(ARRAY[${convOf(17, 18)}], '{1}', '{1}', '{1}', '{1}', '{17}', '{1}',
         '{1}', '{7001}', '{x}', '{}', '{}', '{}', $1, 1, '', '{}', 1)`,
      [retried],
    );
  expect((await call('{}')).rows).toEqual([{ bases: [0], known_id: null }]);
  expect((await call('{1}')).rows).toEqual([{ bases: null, known_id: [1] }]);
});

test('a retry record is kept for its retention time, even if the clock is changed, and then purged', async () => {
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const store = await Database.open({ url: database.url, poolSize: 1 }, kit);
  await pool.query('DELETE FROM retried_message');
  await sender.send({ from: 15, to: 16, requestId: 6001, retry: true });
  await pool.query(`UPDATE retried_message SET stored_at = stored_at - interval '2 hours'`);
  const purge = purgeRetriedMessages(store, { value: await horizon() }, 200);
  expect(await purge()).toBe(0);
  await sender.send({ from: 15, to: 16, requestId: 6002, retry: true });
  await expect.poll(purge).toBe(1);
  await store.close();
});
