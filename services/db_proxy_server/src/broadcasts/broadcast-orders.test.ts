import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredBatch } from '../messages/stored-batch.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { BroadcastWorker } from './broadcast-worker.js';

const actor = { name: 'console ann', asUser: 0, source: '127.0.0.1' };
/** The bot. */
const bot = 1;
const soon = () => Date.now() / 1000 + 3_600;

let database: TestDatabase;
let context: TestContext;
let pool: pg.Pool;
let worker: BroadcastWorker;
let published: StoredBatch[];
let serial = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  pool = new pg.Pool({ connectionString: database.url });
  await sql(`INSERT INTO department (id, name) VALUES (1, 'a')`);
  await sql(
    `INSERT INTO im_user (id, name, nick_name, password_hash, status, department_id)
     SELECT n, 'u' || n, CASE WHEN n = 1 THEN 'Notices' ELSE '' END, '', CASE WHEN n = 1200 THEN 3 ELSE 0 END, n % 2
     FROM generate_series(1, 1200) n`,
  );
  await sql('INSERT INTO bot (user_id) VALUES (1)');
  await sql(`INSERT INTO chat_group (id, name, type) VALUES (5, 'team', 1), (6, 'crew', 1)`);
  await sql(
    'INSERT INTO group_member (group_id, user_id) VALUES (5, 2), (5, 3), (6, 3), (6, 4), (6, 1), (6, 1200)',
  );
});
afterAll(async () => {
  await context.close();
  await pool.end();
  await database.drop();
});
beforeEach(() => {
  published = [];
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const publisher = { publish: (batch: StoredBatch) => published.push(batch) > 0, unanswered: 0 };
  worker = new BroadcastWorker({ kit, pool, publisher, orders: context.broadcastOrders });
});
afterEach(async () => {
  await worker.stop();
  await sql('TRUNCATE broadcast_order, broadcast, message, conversation, outbox CASCADE');
});

// biome-ignore lint/suspicious/noExplicitAny: each test knows its rows
const sql = (text: string): Promise<any[]> => database.dataSource.query(text);

const create = (wanted: object = {}) =>
  context.broadcastOrders.create(
    {
      key: `k${++serial}`,
      fromUserId: bot,
      message: 'lunch 午餐',
      audience: 'everybody',
      ids: [],
      sendAt: 0,
      ...wanted,
    },
    actor,
  );

async function ordered(wanted?: object): Promise<number> {
  const outcome = await create(wanted);
  if (outcome.result !== 'saved') throw new Error(outcome.result);
  return outcome.id;
}

const found = async (id: number) => (await context.broadcastOrders.all()).find((each) => each.id === id);

async function inState(id: number, state: string) {
  await expect.poll(async () => (await found(id))?.state, { timeout: 20_000 }).toBe(state);
  return found(id);
}

async function verbsAfter(work: () => Promise<unknown>): Promise<string[]> {
  const [{ id }] = await sql('SELECT id FROM audit_head');
  await work();
  const rows = await sql(`SELECT verb, actor, as_user FROM audit_event WHERE id > ${id} ORDER BY id`);
  return rows.map(({ verb, actor: who, as_user: as }) => `${verb} by ${who} as ${as}`);
}

it('becomes messages from the bot that every client shows, and reports how many', async () => {
  const id = await ordered({ audience: 'users', ids: [2, 3] });
  expect(await found(id)).toMatchObject({
    state: 'scheduled',
    fromName: 'Notices',
    chosen: 2,
    names: ['u2', 'u3'],
  });
  worker.wake();
  expect(await inState(id, 'done')).toMatchObject({ receivers: 2, stored: 2, refused: 0 });
  const messages = published.flatMap((batch) => batch.messages);
  expect(messages.map(({ toSessionId }) => toSessionId)).toEqual([2, 3]);
  expect(messages[0]?.fromUserId).toBe(bot);
  const data = createTextCodec(DEFAULT_TEXT_KEY).encrypt('lunch 午餐');
  expect(messages[0]?.pdu.includes(data)).toBe(true);
  expect(await sql('SELECT DISTINCT type FROM message')).toEqual([{ type: MsgType.SINGLE_TEXT }]);
});

describe('previews the number of receivers', () => {
  const preview = (audience: string, ids: number[], fromUserId = bot) =>
    context.broadcastOrders.preview({ fromUserId, audience, ids });

  it('by audience, counting members of several groups once', async () => {
    expect(await preview('everybody', [])).toBe(1_198);
    expect(await preview('departments', [1])).toBe(599);
    expect(await preview('groups', [5, 6])).toBe(3);
    expect(await preview('users', [2, 9_999])).toBe(1);
  });

  it('only for a bot as sender, and rejects impossible audiences', async () => {
    expect(await preview('everybody', [], 2)).toBeUndefined();
    expect(() => preview('everybody', [2])).toThrow('chosen');
    expect(() => preview('users', [])).toThrow('chosen');
    expect(() => preview('nobody', [2])).toThrow('chosen');
  });
});

it('waits until it is due, and its receivers are determined then', async () => {
  const id = await ordered({ audience: 'groups', ids: [5], sendAt: soon() });
  worker.wake();
  await worker.stop();
  expect(await found(id)).toMatchObject({ state: 'scheduled', receivers: 0 });
  await sql('INSERT INTO group_member (group_id, user_id) VALUES (5, 7)');
  await sql('UPDATE broadcast_order SET send_at = now()');
  expect(await context.broadcastOrders.beginDue()).toBe(true);
  expect(await context.broadcastOrders.beginDue()).toBe(false);
  expect(await found(id)).toMatchObject({ state: 'sending', receivers: 3 });
  await sql('DELETE FROM group_member WHERE user_id = 7');
});

it('is begun once even with several replicas', async () => {
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await ordered({ audience: 'users', ids: [2] }));
  const began = await Promise.all(Array.from({ length: 10 }, () => context.broadcastOrders.beginDue()));
  // Concurrent calls skip locked orders, so that some orders may be left.
  while (await context.broadcastOrders.beginDue()) began.push(true);
  expect(began.filter(Boolean)).toHaveLength(5);
  expect(await sql('SELECT count(*)::int AS n FROM broadcast')).toEqual([{ n: 5 }]);
});

it('is the same order when repeated with the same key, with one event', async () => {
  const verbs = await verbsAfter(async () => {
    const both = await Promise.all([ordered({ key: 'same' }), ordered({ key: 'same' })]);
    expect(new Set(both).size).toBe(1);
  });
  expect(verbs).toEqual(['broadcast.create by console ann as 1']);
});

it('is refused if the sender is not a bot or has left, and when 100 are waiting', async () => {
  expect(await create({ fromUserId: 2 })).toEqual({ result: 'not-found' });
  await sql('UPDATE im_user SET status = 3 WHERE id = 1');
  expect(await create()).toEqual({ result: 'not-found' });
  await sql('UPDATE im_user SET status = 0 WHERE id = 1');
  for (let i = 0; i < 100; i++) await ordered({ sendAt: soon() });
  expect(await create({ sendAt: soon() })).toEqual({ result: 'conflict' });
  expect(() => create({ message: '' })).toThrow('a message');
  expect(() => create({ sendAt: soon() + 400 * 24 * 3_600 })).toThrow('a year');
});

it('ends without receivers if there are none, or if the bot has left in the meantime', async () => {
  const id = await ordered({ audience: 'users', ids: [9_999] });
  worker.wake();
  await inState(id, 'nobody');
  const next = await ordered();
  await sql('UPDATE im_user SET status = 3 WHERE id = 1');
  expect(await context.broadcastOrders.beginDue()).toBe(true);
  await sql('UPDATE im_user SET status = 0 WHERE id = 1');
  expect(await found(next)).toMatchObject({ state: 'nobody' });
});

describe('cancelling', () => {
  const cancel = (id: number) => context.broadcastOrders.cancel(id, actor);

  it('a waiting order: nobody gets it', async () => {
    const id = await ordered({ sendAt: soon() });
    const verbs = await verbsAfter(async () => {
      expect(await cancel(id)).toEqual({ result: 'saved', id });
      // Repeated, as after a lost response.
      expect(await cancel(id)).toEqual({ result: 'saved', id });
    });
    expect(verbs).toEqual(['broadcast.cancel by console ann as null']);
    await sql('UPDATE broadcast_order SET send_at = now()');
    expect(await context.broadcastOrders.beginDue()).toBe(false);
    expect(await found(id)).toMatchObject({ state: 'cancelled', cancelledBy: 'console ann', stored: 0 });
  });

  it('a broadcast that is being sent: the remaining receivers get nothing', async () => {
    const id = await ordered();
    // The first 500 of 1,198 are stored; a lock delays the next batch.
    const holder = await pool.connect();
    try {
      await context.broadcastOrders.beginDue();
      await holder.query('BEGIN');
      await holder.query(
        `INSERT INTO conversation (conv) VALUES ((1::int8 << 32) | 700) ON CONFLICT DO NOTHING`,
      );
      worker.wake();
      await expect.poll(async () => (await found(id))?.stored, { timeout: 20_000 }).toBe(500);
      const cancelled = cancel(id);
      await expect
        .poll(
          async () =>
            await sql(`SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND wait_event_type = 'Lock' AND query LIKE '%UPDATE broadcast SET finished_at%'`),
        )
        .toHaveLength(1);
      await holder.query('ROLLBACK');
      expect(await cancelled).toEqual({ result: 'saved', id });
    } finally {
      holder.release();
    }
    await worker.stop();
    // The batch that was being stored is the last one.
    expect(await found(id)).toMatchObject({ state: 'cancelled', receivers: 1_198, stored: 1_000 });
    expect(await sql('SELECT count(*)::int AS n FROM message')).toEqual([{ n: 1_000 }]);
    expect(await sql('SELECT cardinality(receivers) AS n FROM broadcast')).toEqual([{ n: 0 }]);
  });

  it('is refused for an order that has ended or does not exist', async () => {
    const id = await ordered({ audience: 'users', ids: [2] });
    worker.wake();
    await inState(id, 'done');
    expect(await cancel(id)).toEqual({ result: 'conflict' });
    expect(await cancel(9_999)).toEqual({ result: 'not-found' });
  });
});

it('is removed 30 days after it ended, with or without a broadcast', async () => {
  const [sent, left, waits] = [
    await ordered({ audience: 'users', ids: [2] }),
    await ordered({ sendAt: soon() }),
    await ordered({ sendAt: soon() }),
  ];
  worker.wake();
  await inState(sent, 'done');
  await context.broadcastOrders.cancel(left, actor);
  await sql(`UPDATE broadcast SET finished_at = now() - interval '31 days'`);
  await sql(`UPDATE broadcast_order SET ended_at = ended_at - interval '31 days'`);
  expect(await context.broadcasts.purge()).toBe(1);
  expect(await context.broadcastOrders.purge()).toBe(1);
  expect((await context.broadcastOrders.all()).map(({ id }) => id)).toEqual([waits]);
});

it('belongs to no app, and is not visible through /v1', async () => {
  const id = await ordered({ audience: 'users', ids: [2] });
  worker.wake();
  await inState(id, 'done');
  const [{ broadcast }] = await sql(`SELECT broadcast_id AS broadcast FROM broadcast_order WHERE id = ${id}`);
  expect(await context.broadcasts.progress(broadcast, 0)).toBeUndefined();
  expect(await context.broadcasts.progress(broadcast, 7)).toBeUndefined();
});
