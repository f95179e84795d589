import { waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedPoll } from '../database/shared-poll.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { RetentionWorker } from './retention-worker.js';

const actor = { name: 'console ann', asUser: 0, source: '127.0.0.1' };
/** conv of a pair */
const pairOf = (low: number, high: number) => low * 2 ** 32 + high;

let database: TestDatabase;
let context: TestContext;
let sender: MessageSender;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  sender = new MessageSender(context.database.pool);
  stops = [];
  await sql(
    `INSERT INTO department (id, name, parent_id) VALUES (1, 'firm', 0), (2, 'law', 1), (3, 'sales', 1)`,
  );
  await sql(
    `INSERT INTO im_user (id, name, password_hash, department_id)
     VALUES (1, 'ann', '', 2), (2, 'bob', '', 3), (3, 'cat', '', 3), (4, 'dan', '', 0)`,
  );
  await sql(`INSERT INTO chat_group (id, name, type) VALUES (5, 'team', 2), (6, 'crew', 2)`);
  await sql('INSERT INTO group_member (group_id, user_id) VALUES (5, 1), (5, 2), (6, 2), (6, 3)');
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await context.close();
  await database.drop();
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

/** Stores messages of this age, oldest first. */
async function written(from: number, to: number, group: boolean, ...daysAgo: number[]): Promise<void> {
  const conv = group ? to : pairOf(Math.min(from, to), Math.max(from, to));
  for (const days of daysAgo) {
    await sender.send({ from, to, group });
    await sql(
      `UPDATE message SET created_at = now() - make_interval(days => $2)
       WHERE conv = $1 AND id = (SELECT last_id FROM conversation WHERE conv = $1)`,
      [conv, days],
    );
  }
}

/** Sets a rule that takes effect at once. */
async function keep(scope: string, scopeId: number, days: number | null): Promise<number> {
  const outcome = await context.retentionRules.set({ scope, scopeId, days }, actor);
  await sql(`UPDATE retention_rule SET effective_at = now() - interval '1 second'`);
  return (outcome as { id: number }).id;
}

/** The remaining message ids, by conversation. */
async function left(): Promise<Record<string, number[]>> {
  const rows: { conv: string; ids: number[] }[] = await sql(
    'SELECT conv, array_agg(id ORDER BY id) AS ids FROM message GROUP BY conv ORDER BY conv',
  );
  return Object.fromEntries(rows.map(({ conv, ids }) => [conv, ids]));
}

/** Starts a replica of the worker. */
async function startWorker(): Promise<RetentionWorker> {
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const worker = new RetentionWorker(context.database, kit);
  const poll = new SharedPoll(context.database.pool, kit, [worker.question]);
  await poll.start();
  stops.push(async () => {
    await poll.stop();
    await worker.stop();
  });
  return worker;
}

/** Waits for a complete run. */
async function removal(): Promise<void> {
  await sql('UPDATE retention_run SET finished_at = NULL');
  if (stops.length === 0) await startWorker();
  await waitUntil(async () => (await context.retentionRules.run()).finishedAt !== null, {
    what: 'the end of the run',
    timeoutMs: 30_000,
  });
}

const events = async (): Promise<string[]> =>
  (
    (await sql(`SELECT verb || ' ' || resource AS event FROM audit_event ORDER BY id`)) as { event: string }[]
  ).map(({ event }) => event);

describe('the remaining messages', () => {
  it('begin at the lowest kept id without gaps, and new messages continue the numbering', async () => {
    await written(1, 2, false, 40, 35, 2);
    await written(2, 1, false, 1);
    await written(1, 5, true, 40, 40);
    await keep('installation', 0, 30);
    await removal();
    expect(await left()).toEqual({ [pairOf(1, 2)]: [3, 4] });

    const session = { userId: 1, isGroup: false, sessionId: 2 };
    expect((await context.messages.history(session, 0x7fffffff, 100)).map(({ id }) => id)).toEqual([4, 3]);
    expect(await context.messages.history(session, 2, 100)).toEqual([]);
    expect(await context.messages.byIds(session, [1, 2, 3])).toMatchObject([{ id: 3 }]);
    expect(await context.messages.latestId(session)).toBe(4);
    const group = { userId: 2, isGroup: true, sessionId: 5 };
    expect(await context.messages.latestId(group)).toBe(0);
    expect(await context.messages.history(group, 0x7fffffff, 100)).toEqual([]);

    await sender.send({ from: 2, to: 1 });
    await sender.send({ from: 1, to: 5, group: true });
    expect(await left()).toEqual({ 5: [3], [pairOf(1, 2)]: [3, 4, 5] });
    expect(await context.messages.latestId(group)).toBe(3);
  });

  it('determine unread counts and session lists', async () => {
    await written(1, 2, false, 40, 40);
    await written(2, 1, false, 40);
    await written(1, 2, false, 2);
    await written(2, 1, false, 2, 2);
    await written(1, 5, true, 40, 2);
    await written(2, 3, false, 40);
    await keep('installation', 0, 30);
    await removal();
    const unread = async (userId: number) =>
      (await context.sessions.unread(userId)).map(({ session_id, unread }) => [session_id, unread]).sort();
    expect(await unread(1)).toEqual([[2, 2]]);
    expect(await unread(2)).toEqual([
      [1, 1],
      [5, 1],
    ]);
    expect(await unread(3)).toEqual([]);
    expect(await sql('SELECT unread_total(1) AS a, unread_total(2) AS b, unread_total(3) AS c')).toEqual([
      { a: '2', b: '2', c: '0' },
    ]);
    const recent = (await context.sessions.recent(2, 0)).map(({ session_id }) => session_id);
    expect(recent.sort()).toEqual([1, 5]);
    // A read position among the remaining messages stays exact.
    await sql(`SELECT mark_read(ARRAY[${pairOf(1, 2)}]::int8[], ARRAY[5], ARRAY[0], '{}', '{}', '{}')`);
    expect(await unread(1)).toEqual([[2, 1]]);
  });

  it('keep no sender keys of removed messages', async () => {
    await written(1, 2, false, 40, 2);
    await sql(
      `INSERT INTO message_key (conv, from_id, key, msg_id) SELECT ${pairOf(1, 2)}, 1, int4send(n), n FROM generate_series(1, 2) n`,
    );
    await keep('installation', 0, 30);
    await removal();
    expect(await sql('SELECT msg_id FROM message_key')).toEqual([{ msg_id: 2 }]);
  });
});

describe('rules', () => {
  it('of groups override that of the installation, even if they keep messages longer or for ever', async () => {
    await written(1, 5, true, 40, 10, 1);
    await written(2, 6, true, 400);
    await keep('installation', 0, 30);
    await keep('group', 5, 5);
    await keep('group', 6, null);
    await removal();
    expect(await left()).toEqual({ 5: [3], 6: [1] });
  });

  it('of departments apply to those below them, and of two users the longer one counts', async () => {
    await written(1, 2, false, 100, 50);
    await written(2, 3, false, 100, 50);
    await written(2, 4, false, 100, 50);
    await keep('department', 1, 70);
    await keep('department', 3, 30);
    await removal();
    // Dan is in no department, and the installation has no rule.
    expect(await left()).toEqual({ [pairOf(1, 2)]: [2], [pairOf(2, 4)]: [1, 2] });
    await keep('installation', 0, 30);
    await removal();
    expect(await left()).toEqual({ [pairOf(1, 2)]: [2] });
  });

  it('that shorten retention take effect a day later, others at once', async () => {
    await written(1, 2, false, 40, 10);
    const set = async (days: number | null) => {
      await context.retentionRules.set({ scope: 'installation', scopeId: 0, days }, actor);
      const [{ hours }] = await sql(
        `SELECT round(extract(epoch FROM effective_at - now()) / 3600)::int4 AS hours FROM retention_rule
         WHERE scope = 'installation'`,
      );
      return hours;
    };
    await keep('group', 5, 1);
    expect(await set(30)).toBe(24);
    await removal();
    expect(await left()).toEqual({ [pairOf(1, 2)]: [1, 2] });
    await sql('UPDATE retention_rule SET effective_at = now()');
    expect(await set(60)).toBe(0);
    expect(await set(null)).toBe(0);
    expect(await set(60)).toBe(24);
    // Changing a pending rule does not make it take effect earlier.
    expect(await set(90)).toBe(24);
  });

  it('that are removed let no messages expire for a day', async () => {
    await written(1, 5, true, 40);
    await written(1, 2, false, 40);
    await keep('installation', 0, 30);
    const ofGroup = await keep('group', 5, null);
    // This rule stays in effect, so that a run takes place.
    await keep('group', 6, 9);
    const ofDepartment = await keep('department', 1, 400);
    await context.retentionRules.remove(ofGroup, actor);
    await context.retentionRules.remove(ofDepartment, actor);
    await removal();
    expect(await left()).toEqual({ 5: [1], [pairOf(1, 2)]: [1] });
    await sql('UPDATE retention_rule SET effective_at = now()');
    await removal();
    expect(await left()).toEqual({});
  });

  it('are validated, and each change is recorded as one event', async () => {
    const { retentionRules } = context;
    const before = (await events()).length;
    for (const days of [0, -1, 1.5, 36_501, Number.NaN]) {
      expect(() => retentionRules.set({ scope: 'installation', scopeId: 0, days }, actor)).toThrow();
    }
    expect(() => retentionRules.set({ scope: 'user', scopeId: 1, days: 1 }, actor)).toThrow();
    expect(await retentionRules.set({ scope: 'group', scopeId: 99, days: 1 }, actor)).toEqual({
      result: 'not-found',
    });
    expect(await retentionRules.set({ scope: 'installation', scopeId: 1, days: 1 }, actor)).toEqual({
      result: 'not-found',
    });
    const saved = await retentionRules.set({ scope: 'department', scopeId: 2, days: 9 }, actor);
    await retentionRules.set({ scope: 'department', scopeId: 2, days: 9 }, actor);
    await retentionRules.set({ scope: 'department', scopeId: 2, days: null }, actor);
    expect(await retentionRules.all()).toMatchObject([{ scope: 'department', name: 'law', days: null }]);
    await retentionRules.remove((saved as { id: number }).id, actor);
    expect(await retentionRules.remove((saved as { id: number }).id, actor)).toEqual({ result: 'not-found' });
    expect((await events()).slice(before)).toEqual([
      'retention.set department 2',
      'retention.set department 2',
      'retention.remove department 2',
    ]);
  });
});

describe('a hold', () => {
  const hold = async (subject: { userId?: number; groupId?: number }, reason = 'case 1') =>
    ((await context.legalHolds.place({ reason, userId: 0, groupId: 0, ...subject }, actor)) as { id: number })
      .id;

  it('on a user covers their pairs and groups, also those they leave, until it is released', async () => {
    await written(1, 2, false, 40);
    await written(2, 3, false, 40);
    await written(1, 5, true, 40);
    await written(2, 6, true, 40);
    await keep('installation', 0, 30);
    const id = await hold({ userId: 1 });
    await context.memberChanges.change({
      groupId: 5,
      userId: 0,
      byAdmin: true,
      kind: 'remove',
      userIds: [1],
    });
    expect(await sql('SELECT user_id FROM group_member WHERE group_id = 5')).toEqual([{ user_id: 2 }]);
    await removal();
    expect(await left()).toEqual({ 5: [1], [pairOf(1, 2)]: [1] });
    await context.legalHolds.release(id, actor);
    await removal();
    expect(await left()).toEqual({});
  });

  it('on a group covers it as long as one of several is active', async () => {
    await written(2, 6, true, 40);
    await keep('installation', 0, 30);
    const first = await hold({ groupId: 6 });
    const second = await hold({ groupId: 6 }, 'case 2');
    expect(await hold({ groupId: 6 })).toBe(first);
    await context.legalHolds.release(first, actor);
    await removal();
    expect(await left()).toEqual({ 6: [1] });
    expect(await context.legalHolds.all()).toMatchObject([
      { id: second, reason: 'case 2', groupId: 6, name: 'crew', placedBy: 'console ann' },
    ]);
  });

  it('is recorded as one event each when placed and released, and refused for unknown users', async () => {
    const before = (await events()).length;
    const id = await hold({ userId: 3 });
    await context.legalHolds.release(id, actor);
    expect(await context.legalHolds.release(id, actor)).toEqual({ result: 'not-found' });
    for (const subject of [{ userId: 99 }, { groupId: 99 }, {}, { userId: 1, groupId: 5 }, { userId: -1 }]) {
      const wanted = { reason: 'x', userId: 0, groupId: 0, ...subject };
      expect(await context.legalHolds.place(wanted, actor)).toEqual({ result: 'not-found' });
    }
    expect((await events()).slice(before)).toEqual(['hold.place user 3', 'hold.release user 3']);
  });

  it('placed during a removal keeps every message that is left at that time', async () => {
    await many(5, 3_000);
    await many(6, 20_000);
    await keep('installation', 0, 30);
    await startWorker();
    const count = async (conv: number): Promise<number> =>
      (await sql('SELECT count(*)::int4 AS n FROM message WHERE conv = $1', [conv]))[0].n;
    await waitUntil(async () => (await count(6)) < 20_000, { what: 'the first batch', timeoutMs: 30_000 });
    await hold({ groupId: 6 });
    const kept = await count(6);
    await removal();
    expect(await count(5)).toBe(0);
    expect(await count(6)).toBe(kept);
    expect(kept).toBeGreaterThan(0);
  });
});

/** Stores old messages of a group. */
async function many(group: number, count: number): Promise<void> {
  await sql('INSERT INTO conversation (conv, last_id, last_at) VALUES ($1, $2, now())', [group, count]);
  await sql(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
     SELECT $1, n, 2, 0, 0, now() - interval '40 days', 17, 'x'::bytea FROM generate_series(1, $2::int4) n`,
    [group, count],
  );
}

describe('a run', () => {
  it('runs on one replica, continues after that one dies, and is recorded as one event', async () => {
    await many(5, 3_500);
    await written(1, 2, false, 40, 40, 1);
    await keep('installation', 0, 30);
    const before = (await events()).length;
    const dying = await startWorker();
    await waitUntil(async () => (await context.retentionRules.run()).removed > 0, {
      what: 'the first batch',
      timeoutMs: 30_000,
    });
    await dying.stop();
    const { removed } = await context.retentionRules.run();
    const other = await startWorker();
    other.wake();
    expect(await context.retentionRules.run()).toMatchObject({ finishedAt: null, removed });
    // As if ten seconds had passed since its last transaction.
    await sql(`UPDATE retention_run SET worked_at = now() - interval '1 minute'`);
    await waitUntil(async () => (await context.retentionRules.run()).finishedAt !== null, {
      what: 'the end of the run',
      timeoutMs: 30_000,
    });
    expect(await left()).toEqual({ [pairOf(1, 2)]: [3] });
    const run = await context.retentionRules.run();
    expect(run).toMatchObject({ removed: 3_502, removedEver: 3_502 });
    expect((await events()).slice(before)).toEqual(['retention.run installation']);
  });

  it('does not run without rules', async () => {
    await written(1, 2, false, 4_000);
    await keep('installation', 0, null);
    const worker = await startWorker();
    worker.wake();
    await worker.stop();
    expect(await context.retentionRules.run()).toMatchObject({ startedAt: null, removed: 0 });
    expect(await left()).toEqual({ [pairOf(1, 2)]: [1] });
  });
});
