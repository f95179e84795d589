import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { poolOf } from '../../database/data-source.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { TestReplica, type TestReplicaOptions } from '../../testing/test-replica.js';

let database: TestDatabase;
let pool: Pool;
const replicas: TestReplica[] = [];
const patient = { timeout: 10_000 };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  await pool.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT i, 'u' || i, '' FROM generate_series(1, 99) i`,
  );
});
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.stop();
  await pool.query('DELETE FROM outbox');
});
afterAll(() => database.drop());

async function start(options: Omit<TestReplicaOptions, 'url'> = {}): Promise<TestReplica> {
  const replica = await TestReplica.start({ url: database.url, ...options });
  replicas.push(replica);
  return replica;
}

async function rows(): Promise<number> {
  const { rows: counted } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM outbox');
  return counted[0]?.n ?? 0;
}

/** [id, lowest undelivered id] of the messages sent since the last call */
function news(replica: TestReplica): [number, number][] {
  const sent = replica.sent;
  replica.events.length = 0;
  return sent;
}

test('a new writer of a conversation names undelivered messages of the former one until they are delivered', async () => {
  const before = await start();
  const after = await start();
  before.answers = false;
  await before.send(1, 2);
  await before.send(1, 2);
  await after.send(2, 1);
  await after.send(2, 1);
  await after.send(3, 4);
  expect(news(after)).toEqual([
    [3, 1],
    [4, 1],
    [1, 0],
  ]);
  // The former writer recovers: its retries and new messages.
  before.answers = true;
  await before.send(1, 2);
  expect(news(before).at(-1)).toEqual([5, 1]);
  await expect.poll(rows, patient).toBe(0);
  await expect
    .poll(async () => {
      await after.send(2, 1);
      return news(after).at(-1)?.[1];
    }, patient)
    .toBe(0);
});

test('each of three alternating writers names the lowest undelivered message', async () => {
  const chain = [await start(), await start(), await start()];
  for (const replica of chain) replica.answers = false;
  for (const replica of chain) await replica.send(5, 6);
  for (const replica of chain) await replica.send(5, 6);
  expect(chain.map(news)).toEqual([
    [
      [1, 0],
      [4, 1],
    ],
    [
      [2, 1],
      [5, 1],
    ],
    [
      [3, 1],
      [6, 1],
    ],
  ]);
});

test('a batch whose commit reply was lost is named by the next batch', async () => {
  const replica = await start();
  const connect = replica.pool.connect.bind(replica.pool);
  let lost = 0;
  replica.pool.connect = async () => {
    const client = await connect();
    if (lost++ > 0) return client;
    const query = client.query.bind(client);
    client.query = (async (statement: never) => {
      await query(statement);
      throw new Error('the answer is lost');
    }) as never;
    return client;
  };
  expect(await replica.send(7, 8), 'found by its retry').toBe(1);
  replica.pool.connect = connect;
  await replica.send(7, 8);
  expect(news(replica)).toEqual([[2, 1]]);
});

test('a batch left to the reclaimer is named by the next one without searching the outbox', async () => {
  const replica = await start({ maxBytes: 10_000 });
  replica.answers = false;
  await replica.send(9, 10, { text: 'x'.repeat(8_000) });
  for (let i = 0; i < 2; i++) await replica.send(11, 12, { text: 'x'.repeat(8_000) });
  // An odd epoch means that the writer changed and searched the outbox.
  const { rows: looks } = await pool.query(
    'SELECT writer & 1 AS n FROM conversation WHERE conv = (11::int8 << 32) | 12',
  );
  expect(looks).toEqual([{ n: '0' }]);
  await replica.send(11, 12);
  expect(news(replica)).toEqual([
    [1, 0],
    [3, 1],
  ]);

  const heir = await start({ sweeps: true });
  await expect.poll(() => heir.sent.length, patient).toBe(4);
  await expect
    .poll(async () => {
      await replica.send(11, 12);
      return news(replica).at(-1)?.[1];
    }, patient)
    .toBe(3);
});

test.each(['1 hour', '-1 hour'])(
  'rows are taken over in time when the clock is changed by %s',
  async (step) => {
    const alive = await start({ sweeps: true });
    const dead = await start();
    for (const replica of [alive, dead]) replica.responsive = false;
    await alive.send(23, 24);
    await dead.send(25, 26);
    await pool.query('UPDATE outbox SET created_at = created_at - $1::interval', [step]);
    const other = await start({ sweeps: true });
    // Rows of the dead owner first; those of a live owner once it has been stuck for a while.
    const named = () => other.events.map((batch) => batch.map(({ fromUserId }) => fromUserId));
    await expect.poll(named, patient).toEqual([[25]]);
    await expect.poll(named, patient).toEqual([[25], [23]]);
    await expect.poll(rows, patient).toBe(0);
  },
);

test('rows of a dead owner are taken over together, in order, and deleted', async () => {
  const dead = await start();
  dead.responsive = false;
  for (let i = 0; i < 200; i++) await dead.send(13, 14, { text: String(i) });
  expect(await rows()).toBe(200);
  const begun = performance.now();
  const heir = await start({ sweeps: true });
  await expect.poll(rows, patient).toBe(0);
  expect(heir.sent.map(([msgId]) => msgId)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  expect(performance.now() - begun).toBeLessThan(4_000);
});

test('rows of a live owner are taken over only when they are old, and not while NATS is down', async () => {
  const alive = await start({ sweeps: true });
  const dead = await start();
  const other = await start({ sweeps: true });
  for (const replica of [alive, dead, other]) replica.responsive = false;
  await alive.send(15, 16);
  await dead.send(17, 18);
  await dead.send(17, 18);
  await expect.poll(() => other.publisher.unanswered, patient).toBe(0);
  // While NATS is down nothing is taken over; afterwards only the rows of the dead owner.
  await new Promise((resolve) => setTimeout(resolve, 700));
  other.responsive = true;
  await expect
    .poll(() => news(other), patient)
    .toEqual([
      [1, 0],
      [2, 1],
    ]);
  expect(await rows()).toBeGreaterThan(0);
  await expect.poll(() => news(other), patient).toEqual([[1, 0]]);
});

test('a reclaimed row names earlier undelivered messages of any owner', async () => {
  const dead = await start();
  dead.responsive = false;
  await dead.send(19, 20);
  await dead.send(19, 20);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM outbox ORDER BY id LIMIT 1 FOR UPDATE');
  const heir = await start({ sweeps: true });
  await expect.poll(() => news(heir), patient).toEqual([[2, 1]]);
  await client.query('ROLLBACK');
  client.release();
  await expect.poll(() => news(heir), patient).toEqual([[1, 0]]);
  await expect.poll(rows, patient).toBe(0);
});

test('messages stored by a replica of the version before are found by the next writer', async () => {
  await pool.query(
    `SELECT * FROM append_messages(ARRAY[(21::int8 << 32) | 22], '{1}', '{1}', '{1}', '{1}', '{21}', '{1}', '{1}', '{1}',
       '{x}', '{}', '{}', '{}', '{}', 1, '', '{}')`,
  );
  const replica = await start();
  await replica.send(21, 22);
  expect(news(replica)).toEqual([[2, 1]]);
});

test('a new store epoch drops unanswered batches and reads the outbox again', async () => {
  const replica = await start({ sweeps: true });
  replica.answers = false;
  await replica.send(21, 22);
  await replica.send(23, 24);
  // The first batch is lost with the old epoch.
  await pool.query('DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)');
  replica.publisher.forget();
  replica.events.length = 0;
  replica.answers = true;
  await expect.poll(rows, patient).toBe(0);
  expect(replica.events.flat().map(({ fromUserId }) => fromUserId)).toEqual([23]);
});
