import { MsgType } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SharedPoll } from '../database/shared-poll.js';
import type { StoredBatch } from '../messages/stored-batch.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { BroadcastWorker } from './broadcast-worker.js';
import type { NewBroadcast } from './broadcasts.js';

const sender = 1;

let database: TestDatabase;
let replicas: TestContext[];
let workers: BroadcastWorker[];
let polls: SharedPoll[];
let pools: pg.Pool[];
let published: StoredBatch[];
let serial = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const { dataSource } = database;
  await dataSource.query(
    `INSERT INTO department (id, name, parent_id, status) VALUES (1, 'a', 0, 0), (2, 'b', 1, 0), (3, 'c', 0, 0), (4, 'd', 1, 1)`,
  );
  await dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status, department_id)
     SELECT n, 'u' || n, '', CASE WHEN n = 2000 THEN 3 ELSE 0 END, n % 5 FROM generate_series(1, 2000) n`,
  );
  await dataSource.query(`INSERT INTO chat_group (id, name, type) VALUES (5, 'in', 1), (6, 'out', 1)`);
  await dataSource.query('INSERT INTO group_member (group_id, user_id) VALUES (5, 1), (5, 2), (6, 2)');
  replicas = await Promise.all([createTestContext(database.url), createTestContext(database.url)]);
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE broadcast_order, broadcast, message, conversation, outbox');
  published = [];
  workers = [];
  polls = [];
  pools = [];
});
afterEach(async () => {
  await Promise.all(polls.map((poll) => poll.stop()));
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
});

async function startWorker(): Promise<void> {
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => {});
  pools.push(pool);
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const publisher = { publish: (batch: StoredBatch) => published.push(batch) > 0, unanswered: 0 };
  const worker = new BroadcastWorker({ kit, pool, publisher });
  workers.push(worker);
  const poll = new SharedPoll(pool, kit, [worker.question]);
  polls.push(poll);
  await poll.start();
}

const create = (wanted: Partial<NewBroadcast>, k = 0) =>
  (replicas[k] as TestContext).broadcasts.create({
    appId: 0,
    key: `k${++serial}`,
    digest: Buffer.from('digest'),
    fromUserId: sender,
    msgType: MsgType.PUSH_NOTICE,
    msgData: Buffer.from('x'),
    audience: 'listed',
    ids: [],
    ...wanted,
  });

async function finished(id: number) {
  await expect
    .poll(async () => (await replicas[0]?.broadcasts.progress(id, 0))?.finished_at ?? null, {
      timeout: 20_000,
    })
    .not.toBeNull();
  return replicas[0]?.broadcasts.progress(id, 0);
}

/** Messages by receiver. */
async function received(): Promise<Map<number, number>> {
  const rows: { id: number; count: number }[] = await database.dataSource.query(
    `SELECT CASE WHEN conv >> 32 = ${sender} THEN conv & 4294967295 ELSE conv >> 32 END::int AS id, count(*)::int AS count
     FROM message GROUP BY 1`,
  );
  return new Map(rows.map(({ id, count }) => [id, count]));
}

describe('audience', () => {
  it('listed users who exist, once each; unknown ones are reported', async () => {
    const outcome = await create({ ids: [3, 2, 3, 9999, sender, 2000] });
    expect(outcome).toMatchObject({ result: 'accepted', receivers: 3, refused: 2, refusedIds: [1, 9999] });
    await startWorker();
    const progress = await finished((outcome as { id: number }).id);
    expect(progress).toMatchObject({
      receiver_count: 3,
      stored_count: 3,
      refused_count: 2,
      refused_ids: [1, 9999],
    });
    expect([...(await received())].sort()).toEqual([
      [2, 1],
      [2000, 1],
      [3, 1],
    ]);
    expect(published.flatMap(({ messages }) => messages.map((each) => each.toSessionId)).sort()).toEqual([
      2, 2000, 3,
    ]);
  });

  it('everybody who is not disabled', async () => {
    expect(await create({ audience: 'everybody' })).toMatchObject({ receivers: 1998, refused: 0 });
  });

  it('departments with their subdepartments that exist', async () => {
    // 1 has 1 (the sender), 6, 11 …; 2 is below it; 4 is deleted.
    expect(await create({ audience: 'departments', ids: [1] })).toMatchObject({ receivers: 799 });
    expect(await create({ audience: 'departments', ids: [3] })).toMatchObject({ receivers: 400 });
    expect(await create({ audience: 'departments', ids: [77] })).toEqual({ result: 'nobody' });
  });

  it('groups the sender is a member of', async () => {
    const outcome = await create({ ids: [5, 6, 7], msgType: MsgType.GROUP_TEXT });
    expect(outcome).toMatchObject({ receivers: 1, refused: 2, refusedIds: [6, 7] });
    await startWorker();
    await finished((outcome as { id: number }).id);
    expect(published.flatMap(({ messages }) => messages)).toMatchObject([
      { isGroup: true, toSessionId: 5, msgId: 1 },
    ]);
  });

  it('not a group the sender has left meanwhile', async () => {
    await database.dataSource.query('INSERT INTO group_member (group_id, user_id) VALUES (6, 1)');
    const outcome = await create({ ids: [5, 6], msgType: MsgType.GROUP_TEXT });
    await database.dataSource.query('DELETE FROM group_member WHERE group_id = 6 AND user_id = 1');
    await startWorker();
    expect(await finished((outcome as { id: number }).id)).toMatchObject({
      stored_count: 1,
      refused_ids: [6],
    });
  });

  it('nobody when the sender is unknown or the audience empty', async () => {
    expect(await create({ fromUserId: 9999, ids: [2] })).toEqual({ result: 'nobody' });
    expect(await create({ ids: [9999] })).toEqual({ result: 'nobody' });
  });
});

describe('the same key', () => {
  it('gets the same reply, on any replica, also concurrently', async () => {
    const both = await Promise.all([0, 1, 0, 1].map((k) => create({ key: 'same', ids: [2, 9999] }, k)));
    expect(new Set(both.map((each) => JSON.stringify(each))).size).toBe(1);
    const rows = await database.dataSource.query('SELECT count(*)::int AS count FROM broadcast');
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('is refused for another broadcast; keys of different apps are independent', async () => {
    await create({ key: 'k', ids: [2] });
    expect(await create({ key: 'k', ids: [3], digest: Buffer.from('other') })).toEqual({
      result: 'other-request',
    });
    expect(await create({ key: 'k', ids: [3], appId: 7 })).toMatchObject({ result: 'accepted' });
  });
});

it('two workers whose connections break repeatedly send to everybody once, each message with an outbox row', async () => {
  const ids = Array.from({ length: 1998 }, (_, i) => i + 2);
  const outcomes = [];
  for (let i = 0; i < 8; i++) outcomes.push(await create({ ids }));
  await startWorker();
  await startWorker();
  for (let i = 0; i < 5; i++) {
    const before = (await received()).size;
    await database.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE '%append_messages(%' AND pid <> pg_backend_pid()`,
    );
    await expect.poll(async () => (await received()).size >= before).toBe(true);
  }
  for (const outcome of outcomes) {
    expect(await finished((outcome as { id: number }).id)).toMatchObject({
      stored_count: 1998,
      refused_count: 0,
    });
  }
  const counts = await received();
  expect(counts.size).toBe(1998);
  expect([...counts.values()].every((count) => count === 8)).toBe(true);
  const outbox = await database.dataSource.query('SELECT count(*)::int AS rows FROM outbox');
  expect(outbox).toEqual([{ rows: 32 }]);
});
