import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PostgresPair, waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDataSource } from '../database/data-source.js';
import { Database } from '../database/database.js';
import { migrateUp } from '../database/migrator.js';
import { MessageSender } from '../testing/message-sender.js';
import { HistoryReplica } from './history-replica.js';
import { Messages } from './messages.js';

const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
const newest = 0x7fff_ffff;
const alice = 1;
const bob = 2;
const carol = 3;
const group = 7;

let dir: string;
let pair: PostgresPair;
let database: Database;
let replica: HistoryReplica;
let messages: Messages;
let sender: MessageSender;
/** reads counted before the test */
let before: Record<string, number>;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
  await chmod(dir, 0o711);
  // Asynchronous, so that commits do not wait for a standby whose replay is paused.
  pair = await PostgresPair.start({ dir, synchronous: false, durable: false });
  const migrated = await openDataSource(pair.primary.url);
  await migrateUp(migrated);
  await migrated.query(
    `INSERT INTO im_user (id, name, password_hash) VALUES (${alice}, 'a', ''), (${bob}, 'b', ''), (${carol}, 'c', '')`,
  );
  await migrated.query(`INSERT INTO chat_group (id, name, type) VALUES (${group}, 'seven', 2)`);
  await migrated.query(
    `INSERT INTO group_member (group_id, user_id, join_msg_id) VALUES (${group}, ${alice}, 0), (${group}, ${bob}, 1)`,
  );
  await migrated.destroy();
  database = await Database.open({ url: pair.primary.url, poolSize: 4 }, kit);
  replica = new HistoryReplica({ url: pair.standby.url, poolSize: 4 }, kit);
  messages = new Messages(database, replica);
  sender = new MessageSender(database.pool);
}, 120_000);
afterAll(async () => {
  await replica?.close();
  await database?.close();
  await pair?.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  await waitUntil(() => replica.ready(), { what: 'the replica is up', timeoutMs: 30_000 });
  before = await reads();
});

/** All reads so far, by who answered. */
async function reads(): Promise<Record<string, number>> {
  const text = await kit.metrics.registry.metrics();
  const lines = text.matchAll(/^teamtalk_db_proxy_server_history_reads_total\{way="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, way, count]) => [way, Number(count)]));
}

/** Reads of this test, by who answered. */
async function readsNow(): Promise<Record<string, number>> {
  const counts = Object.entries(await reads()).map(([way, count]) => [way, count - (before[way] ?? 0)]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

const send = (to: number, isGroup = false, from = alice) => sender.send({ from, to, group: isGroup });

async function history(userId: number, sessionId: number, isGroup = false): Promise<number[]> {
  const page = await messages.history({ userId, sessionId, isGroup }, newest, 100);
  return page.map(({ id }) => id);
}

async function replayed(): Promise<void> {
  const [primary] = await pair.primary.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  await waitUntil(
    async () => {
      const [row] = await pair.standby.query<{ done: boolean }>(
        `SELECT pg_last_wal_replay_lsn() >= '${primary?.lsn}' AS done`,
      );
      return row?.done;
    },
    { what: 'the standby has replayed everything', timeoutMs: 30_000 },
  );
}

/** Runs `work` while the standby replays nothing. */
async function whilePaused(work: () => Promise<void>): Promise<void> {
  await pair.standby.query('SELECT pg_wal_replay_pause()');
  await waitUntil(
    async () => {
      const [row] = await pair.standby.query<{ state: string }>(
        'SELECT pg_get_wal_replay_pause_state() AS state',
      );
      return row?.state === 'paused';
    },
    { what: 'the replay is paused', timeoutMs: 30_000 },
  );
  try {
    await work();
  } finally {
    await pair.standby.query('SELECT pg_wal_replay_resume()');
  }
}

test('a standby that has replayed everything answers', async () => {
  for (let k = 0; k < 3; k++) await send(bob);
  await replayed();
  expect(await history(alice, bob)).toEqual([3, 2, 1]);
  expect(await history(bob, alice)).toEqual([3, 2, 1]);
  const byIds = await messages.byIds({ userId: alice, sessionId: bob, isGroup: false }, [3, 1, 9]);
  expect(byIds.map(({ id }) => id)).toEqual([3, 1]);
  expect(await messages.history({ userId: alice, sessionId: bob, isGroup: false }, 2, 1)).toEqual([
    expect.objectContaining({ id: 2, from_id: alice, data: Buffer.from('x') }),
  ]);
  expect(await readsNow()).toEqual({ replica: 4 });
});

test('a standby that lags answers only for conversations without newer messages', async () => {
  await send(carol);
  await send(bob);
  await replayed();
  await whilePaused(async () => {
    await send(bob);
    const expected = (await messages.latestId({ userId: alice, sessionId: bob, isGroup: false })) ?? 0;
    expect((await history(alice, bob))[0]).toBe(expected);
    const last = await messages.byIds({ userId: bob, sessionId: alice, isGroup: false }, [expected]);
    expect(last.map(({ id }) => id)).toEqual([expected]);
    expect(await readsNow()).toEqual({ behind: 2 });
    expect(await history(alice, carol)).toEqual([1]);
    expect(await readsNow()).toEqual({ behind: 2, replica: 1 });
  });
  await replayed();
  expect((await history(alice, bob)).length).toBeGreaterThan(3);
  expect(await readsNow()).toEqual({ behind: 2, replica: 2 });
});

test('removed and erased messages are not shown, even if the standby still has them', async () => {
  for (let k = 0; k < 3; k++) await send(bob, false, carol);
  await replayed();
  await whilePaused(async () => {
    await pair.primary.query(
      `UPDATE conversation SET kept_from = 2 WHERE conv = (${bob}::int8 << 32) | ${carol}`,
    );
    expect(await history(bob, carol)).toEqual([3, 2]);
    expect(await readsNow()).toEqual({ replica: 1 });
    await pair.primary.query(
      `UPDATE message SET data = 'erased' WHERE conv = (${bob}::int8 << 32) | ${carol}`,
    );
    await pair.primary.query(
      `INSERT INTO erasure (user_id, reason, requested_by, devices, places, files, messages) VALUES (${carol}, 'request', 'test', 0, 0, 0, 3)`,
    );
    const [last] = await messages.history({ userId: bob, sessionId: carol, isGroup: false }, 3, 1);
    expect(last?.data.toString()).toBe('erased');
    expect(await readsNow()).toEqual({ replica: 1, behind: 1 });
  });
});

test('a standby of another store epoch does not answer', async () => {
  await send(carol);
  await replayed();
  await whilePaused(async () => {
    await pair.primary.query('UPDATE store_epoch SET epoch = epoch + 1');
    expect(await history(carol, alice)).not.toEqual([]);
    expect(await readsNow()).toEqual({ behind: 1 });
  });
});

test('the primary decides who may read what', async () => {
  for (let k = 0; k < 3; k++) await send(group, true);
  await replayed();
  expect(await history(alice, group, true)).toEqual([3, 2, 1]);
  expect(await history(bob, group, true)).toEqual([3, 2]);
  expect(await history(carol, group, true)).toEqual([]);
  await whilePaused(async () => {
    await pair.primary.query(`DELETE FROM group_member WHERE user_id = ${bob}`);
    await pair.primary.query(
      `INSERT INTO group_member (group_id, user_id, join_msg_id) VALUES (${group}, ${carol}, 2)`,
    );
    expect(await history(bob, group, true)).toEqual([]);
    expect(await history(carol, group, true)).toEqual([3]);
    expect(await readsNow()).toEqual({ replica: 3 });
  });
});

test('the loss of the standby costs one failed read, and none once it is noticed', async () => {
  await send(carol);
  await replayed();
  const expected = await history(alice, carol);
  await pair.standby.kill();
  expect(await history(alice, carol)).toEqual(expected);
  await waitUntil(() => !replica.ready(), { what: 'the loss is noticed', timeoutMs: 30_000 });
  expect(await history(carol, alice)).toEqual(expected);
  const { replica: answered, failed = 0, behind } = await readsNow();
  expect([answered, behind]).toEqual([1, undefined]);
  expect(failed).toBeLessThanOrEqual(1);
  await pair.rejoin();
  await waitUntil(() => replica.ready(), { what: 'the standby is back', timeoutMs: 30_000 });
  await replayed();
  expect(await history(alice, carol)).toEqual(expected);
  expect((await readsNow()).replica).toBe(2);
});
