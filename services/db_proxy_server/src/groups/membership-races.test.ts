import { waitUntil } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GroupMembers } from '../messages/group-members.js';
import type { StoredBatch } from '../messages/stored-batch.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { MemberChangeOutcome } from './member-changes.js';

const creator = 1;

/** A replica, from storing a message to resolving its receivers. */
interface Replica {
  context: TestContext;
  sender: MessageSender;
}

interface Delivered {
  msgId: number;
  receivers: readonly number[];
}

let database: TestDatabase;
let replicas: Replica[];
let holder: pg.Client;
let groupId: number;
/** Deliveries, complete once `delivering` has resolved. */
let delivered: Delivered[];
let delivering: Promise<unknown>[];
/** Member lists are loaded when this resolves. */
let mayLoad: Promise<void>;

beforeAll(async () => {
  database = await createTestDatabase();
  const { dataSource } = database;
  await dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'u' || n, '' FROM generate_series(1, 200) n`,
  );
  // The actual memberships, written in the transaction that changed them, under the conversation's lock.
  await dataSource.query('CREATE TABLE membership (user_id int4, first int4, last int4)');
  await dataSource.query(`
    CREATE FUNCTION note_membership() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO membership SELECT NEW.user_id, coalesce(max(last_id), 0) + 1 FROM conversation WHERE conv = NEW.group_id;
      ELSE
        UPDATE membership SET last = (SELECT last_id FROM conversation WHERE conv = OLD.group_id)
          WHERE user_id = OLD.user_id AND last IS NULL;
      END IF;
      RETURN NULL;
    END
    $$`);
  await dataSource.query(`
    CREATE TRIGGER note_membership AFTER INSERT OR DELETE ON group_member
    FOR EACH ROW EXECUTE FUNCTION note_membership()`);
  replicas = await Promise.all([newReplica(), newReplica()]);
  holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  for (const { context } of replicas) await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE membership');
  delivered = [];
  delivering = [];
  mayLoad = Promise.resolve();
  const outcome = await one().context.groups.create({
    type: 2,
    name: 'g',
    avatar: '',
    creatorId: creator,
    needsCreator: true,
    memberIds: [2, 3],
  });
  groupId = outcome.result === 'created' ? outcome.id : 0;
});

async function newReplica(): Promise<Replica> {
  const context = await createTestContext(database.url);
  const members = new GroupMembers(context.database.pool, context.kit);
  const deliver = async ({ messages }: StoredBatch) => {
    await mayLoad;
    const lists = await members.listsFor(messages);
    for (const { msgId, toSessionId } of messages) {
      delivered.push({ msgId, receivers: lists.get(toSessionId)?.receiversOf(msgId) ?? [] });
    }
  };
  const sender = new MessageSender(context.database.pool, (batch) => delivering.push(deliver(batch)));
  return { context, sender };
}

function one(): Replica {
  return replicas[0] as Replica;
}

function other(): Replica {
  return replicas[1] as Replica;
}

const write = (from: number, { sender } = one()) => sender.send({ from, to: groupId, group: true });

function change(kind: 'add' | 'remove', userId: number, { context } = one()): Promise<MemberChangeOutcome> {
  return context.memberChanges.change({ groupId, kind, userId: creator, byAdmin: true, userIds: [userId] });
}

/** Ids of the messages visible to the user. */
async function seenBy(userId: number): Promise<number[]> {
  const session = { userId, isGroup: true, sessionId: groupId };
  return (await one().context.messages.history(session, 0x7fff_ffff, 100_000)).map(({ id }) => id).reverse();
}

async function holdConversation(): Promise<void> {
  await holder.query('BEGIN');
  await holder.query('SELECT FROM conversation WHERE conv = $1 FOR UPDATE', [groupId]);
}

/** Resolves when `count` sessions wait for a lock. */
async function waiting(count: number): Promise<void> {
  let sessions: { waits: boolean }[] = [];
  const wait = async () => {
    const { rows } = await holder.query(
      `SELECT wait_event_type = 'Lock' AS waits, state, wait_event, left(query, 80) AS query FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid`,
    );
    sessions = rows;
    return sessions.filter(({ waits }) => waits).length === count;
  };
  await waitUntil(wait, { what: `${count} sessions wait for a lock` }).catch((cause) => {
    throw new Error(`${count} sessions wait for a lock, not ${JSON.stringify(sessions, null, 2)}`, { cause });
  });
}

/** Starts both so that they get the conversation's lock in this order. */
async function inThisOrder<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  await holdConversation();
  const one = first();
  await waiting(1);
  const two = second();
  await waiting(2);
  await holder.query('COMMIT');
  return Promise.all([one, two]);
}

test('a message numbered before a join is neither delivered nor visible to the new member', async () => {
  let load = () => {};
  mayLoad = new Promise((resolve) => {
    load = resolve;
  });
  const [stored, joined] = await inThisOrder(
    () => write(2),
    () => change('add', 7, other()),
  );
  expect(stored).toEqual({ status: 'stored', msgId: 1 });
  expect(joined).toMatchObject({ result: 'ok', changed: [7] });
  // The members are loaded only now, after the join.
  load();
  await Promise.all(delivering);
  expect(delivered).toEqual([{ msgId: 1, receivers: [1, 2, 3] }]);
  expect(await seenBy(7)).toEqual([]);
});

test('a message numbered after a join is delivered and visible to the new member', async () => {
  // The list of the previous version is cached.
  await write(2);
  await Promise.all(delivering);
  const [joined, stored] = await inThisOrder(
    () => change('add', 7, other()),
    () => write(2),
  );
  expect(joined).toMatchObject({ result: 'ok', changed: [7] });
  expect(stored).toEqual({ status: 'stored', msgId: 2 });
  await Promise.all(delivering);
  expect(delivered[1]).toEqual({ msgId: 2, receivers: [1, 2, 3, 7] });
  expect(await seenBy(7)).toEqual([2]);
});

test('a message whose sender is removed before it is numbered is refused', async () => {
  const [removed, stored] = await inThisOrder(
    () => change('remove', 3, other()),
    () => write(3),
  );
  expect(removed).toMatchObject({ result: 'ok', changed: [3] });
  expect(stored).toEqual({ status: 'not-a-member' });
  expect(await seenBy(1)).toEqual([]);
  expect(await write(2), 'no number is lost by it').toEqual({ status: 'stored', msgId: 1 });
});

test('a message numbered before its sender is removed stays for the others', async () => {
  const [stored] = await inThisOrder(
    () => write(3),
    () => change('remove', 3, other()),
  );
  expect(stored).toEqual({ status: 'stored', msgId: 1 });
  expect([await seenBy(1), await seenBy(3)]).toEqual([[1], []]);
});

test('a refused message does not delay others of the same batch', async () => {
  await holdConversation();
  const removed = change('remove', 3, other());
  await waiting(1);
  const outcomes = [write(2), write(3), write(1), one().sender.send({ from: 2, to: 1 })];
  await waiting(2);
  await holder.query('COMMIT');
  await removed;
  expect(await Promise.all(outcomes)).toEqual([
    { status: 'stored', msgId: 1 },
    { status: 'not-a-member' },
    { status: 'stored', msgId: 2 },
    { status: 'stored', msgId: 1 },
  ]);
});

test('a retry of a message stored before its sender was removed is acknowledged', async () => {
  const message = { from: 3, to: groupId, group: true, requestId: 1_000 };
  expect(await one().sender.send(message)).toEqual({ status: 'stored', msgId: 1 });
  await change('remove', 3);
  expect(await one().sender.send({ ...message, retry: true })).toEqual({ status: 'stored', msgId: 1 });
  expect(await seenBy(1)).toEqual([1]);
});

test('under random member changes, numbers have no gaps and delivered messages are the visible ones', async () => {
  const joiners = range(10, 19);
  const leavers = range(20, 29);
  const wanderers = range(30, 33);
  for (const userId of [...leavers, ...wanderers]) await change('add', userId);

  let msgIds: number[] = [];
  const wrote = new Map<number, number>();
  let settled = false;
  const writing = [creator, 2, 3, ...leavers, ...wanderers].map(async (userId, i) => {
    while (!settled) {
      const outcome = await write(userId, replicas[i % 2]);
      if (outcome.status !== 'stored') {
        expect(outcome).toEqual({ status: 'not-a-member' });
        continue;
      }
      msgIds.push(outcome.msgId);
      wrote.set(outcome.msgId, userId);
    }
  });
  const changing = [
    ...joiners.map(async (userId, i) => change('add', userId, replicas[i % 2])),
    ...leavers.map(async (userId, i) => change('remove', userId, replicas[i % 2])),
    ...wanderers.map(async (userId, i) => {
      for (let round = 0; round < 10; round++) {
        await change('remove', userId, replicas[i % 2]);
        await change('add', userId, replicas[(i + 1) % 2]);
      }
    }),
  ];
  await Promise.all(changing);
  settled = true;
  await Promise.all(writing);
  await Promise.all(delivering);

  const last = msgIds.length;
  msgIds = msgIds.sort((a, b) => a - b);
  expect(msgIds).toEqual(range(1, last));
  expect(delivered.map(({ msgId }) => msgId).sort((a, b) => a - b)).toEqual(msgIds);

  const memberships: { user_id: number; first: number; last: number | null }[] =
    await database.dataSource.query('SELECT * FROM membership ORDER BY first');
  const was = (userId: number, msgId: number) =>
    memberships.some((m) => m.user_id === userId && m.first <= msgId && msgId <= (m.last ?? last));
  for (const [msgId, userId] of wrote) expect(was(userId, msgId), `${userId} wrote ${msgId}`).toBe(true);
  for (const { msgId, receivers } of delivered) {
    expect(new Set(receivers).size).toBe(receivers.length);
    for (const userId of receivers) expect(was(userId, msgId), `${userId} got ${msgId}`).toBe(true);
  }
  // Each final member got every message since joining once, and sees exactly these.
  for (const { user_id, first } of memberships.filter((m) => m.last === null)) {
    const got = delivered.filter(({ msgId, receivers }) => msgId >= first && receivers.includes(user_id));
    expect(got.map(({ msgId }) => msgId).sort((a, b) => a - b)).toEqual(range(first, last));
    expect(await seenBy(user_id)).toEqual(range(first, last));
  }
  expect(memberships.filter((m) => m.last !== null)).toHaveLength(leavers.length + 10 * wanderers.length);
});

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
}
