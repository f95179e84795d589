import { waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { poolOf } from '../database/data-source.js';
import { Servers } from '../database/servers.js';
import { MessageSender } from '../testing/message-sender.js';
import { batchOf, storedMessage } from '../testing/stored-message.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { StoreEpoch } from './store-epoch.js';

let database: TestDatabase;
let pool: Pool;
const pools: Pool[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  await pool.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT i, 'u' || i, '' FROM generate_series(1, 9) i`,
  );
});
afterEach(async () => {
  for (const each of pools.splice(0)) await each.end();
  await database.drop();
});

/** One replica: its epoch, how often that changed, and a guarded pool. */
async function start() {
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const epoch = new StoreEpoch(kit, false);
  const own = new pg.Pool({ ...new Servers(database.url).options, max: 1 });
  own.on('error', () => {});
  pools.push(own);
  const replica = {
    epoch,
    begun: 0,
    pool: own,
    sender: new MessageSender(own, (batch) => epoch.noteStored(batch)),
  };
  await epoch.guard(own);
  epoch.onChange(() => replica.begun++);
  return replica;
}

/** Ends the connection, so that the next statement opens a new one. */
async function reconnect({ pool: own }: { pool: Pool }): Promise<void> {
  const { rows } = await own.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
  await waitUntil(() => own.query('SELECT 1'), { what: 'a new connection' });
}

async function numbers() {
  const { rows } = await pool.query<{ login: string; outbox: string }>(
    `SELECT nextval('login_seq') AS login, nextval(pg_get_serial_sequence('outbox', 'id')) AS outbox`,
  );
  return { login: Number(rows[0]?.login), outbox: Number(rows[0]?.outbox) };
}

test('a reconnect to the same history keeps the epoch', async () => {
  const replica = await start();
  expect(replica.epoch.current).toBe(1);
  await replica.sender.send({ from: 1, to: 2 });
  await reconnect(replica);
  await replica.sender.send({ from: 1, to: 2 });
  await pool.query(`UPDATE store_epoch SET synchronous = true, timeline = timeline + 1`);
  await reconnect(replica);
  await replica.sender.send({ from: 1, to: 2 });
  expect([replica.epoch.current, replica.begun]).toEqual([1, 0]);
});

test('lost messages are noticed before anything is stored; numbers jump ahead, and other replicas follow', async () => {
  const [first, second] = [await start(), await start()];
  await second.sender.send({ from: 3, to: 4 });
  await first.sender.send({ from: 1, to: 2 });
  await first.sender.send({ from: 1, to: 2 });
  const before = await numbers();
  await pool.query('DELETE FROM message WHERE id = 2');
  await pool.query('UPDATE conversation SET last_id = 1 WHERE last_id = 2');
  await reconnect(first);
  expect(await first.sender.send({ from: 1, to: 2 })).toEqual({ status: 'stored', msgId: 2 });
  expect(first.epoch.current).toBeGreaterThan(1_700_000_000);
  const after = await numbers();
  expect(after.login - before.login).toBeGreaterThan(1_000_000);
  expect(after.outbox - before.outbox).toBeGreaterThan(1_000_000);
  await second.epoch.check(second.pool);
  expect(second.epoch.current).toBe(first.epoch.current);
  await reconnect(first);
  await first.sender.send({ from: 1, to: 2 });
  expect([first.begun, second.begun]).toEqual([1, 1]);
});

test('two replicas that notice a loss begin one epoch', async () => {
  const [first, second] = [await start(), await start()];
  await first.sender.send({ from: 1, to: 2 });
  await second.sender.send({ from: 3, to: 4 });
  await pool.query('DELETE FROM message');
  await Promise.all([reconnect(first), reconnect(second)]);
  await Promise.all([first.sender.send({ from: 1, to: 2 }), second.sender.send({ from: 3, to: 4 })]);
  await second.epoch.check(second.pool);
  expect(second.epoch.current).toBe(first.epoch.current);
  expect([first.begun, second.begun]).toEqual([1, 1]);
});

test.each([
  ['another server', 'system_id = system_id + 1, synchronous = true'],
  ['another timeline, where commits waited for nobody', 'timeline = timeline + 1, synchronous = false'],
])('%s is a new epoch, whether or not something is missing', async (_, change) => {
  const replica = await start();
  await replica.sender.send({ from: 1, to: 2 });
  await pool.query(`UPDATE store_epoch SET ${change}`);
  await replica.epoch.check(replica.pool);
  expect(replica.begun).toBe(1);
});

test('the last message is found by its conversation, id and token', async () => {
  const replica = await start();
  await pool.query(`INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
    VALUES ((5::int8 << 32) | 9, 7, 9, 1, -1, now(), 1, '')`);
  const message = {
    fromUserId: 9,
    toSessionId: 5,
    msgId: 7,
    originInstance: 0xffff_ffff,
    originRequestId: 0xffff_ffff,
  };
  replica.epoch.noteStored(batchOf('1', storedMessage(message)));
  await reconnect(replica);
  expect(replica.begun).toBe(0);
  replica.epoch.noteStored(batchOf('1', storedMessage({ ...message, originRequestId: 1 })));
  await reconnect(replica);
  expect(replica.begun).toBe(1);
});
