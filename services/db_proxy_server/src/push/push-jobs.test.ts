import { ClientType, createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { pushApi } from '@teamtalk/rpc';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { poolOf } from '../database/data-source.js';
import { queryOn } from '../database/database.js';
import { SharedPoll } from '../database/shared-poll.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { zoneAt } from '../testing/zone-at.js';
import { findPushUser, pushDevicesOf, pushHistory } from './push-history.js';
import { PushJobs } from './push-jobs.js';
import { PushMarks } from './push-marks.js';
import { pushRpc } from './rpc.js';

const { ClaimRequest, FinishRequest, PushOutcome } = pushApi.push;
const [ann, bob, cat, dan] = [1, 2, 3, 4] as const;
const team = 9;

let database: TestDatabase;
let context: TestContext;
let pool: Pool;
let sender: MessageSender;
let poll: SharedPoll;
let rpc: ReturnType<typeof pushRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  pool = poolOf(database.dataSource);
  const marks = new PushMarks();
  poll = new SharedPoll(pool, context.kit, [marks.question]);
  sender = new MessageSender(pool, undefined, marks);
  rpc = pushRpc(context);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await pool.query(
    'TRUNCATE im_user, chat_group, group_member, conversation, message, outbox, push_mark, push_read, push_muted, push_log, push_consumer CASCADE',
  );
  await pool.query(
    `INSERT INTO im_user (id, name, nick_name, password_hash)
     VALUES (1, 'ann', 'Ann', ''), (2, 'bob', 'Bob', ''), (3, 'cat', '', ''), (4, 'dan', 'Dan', '')`,
  );
  await poll.ask();
  await pool.query(`INSERT INTO chat_group (id, name, type) VALUES (${team}, 'Team', 1)`);
  await pool.query(
    `INSERT INTO group_member (group_id, user_id) VALUES (${team}, 1), (${team}, 2), (${team}, 3), (${team}, 4)`,
  );
});

/** As the first claim does. */
const pushServerCame = async () => {
  await pool.query(
    'INSERT INTO push_consumer VALUES (true, now()) ON CONFLICT (singleton) DO UPDATE SET seen_at = now()',
  );
  await poll.ask();
};

const tokenOf = (userId: number) => String(userId).repeat(64).slice(0, 64);

async function phones(...users: number[]): Promise<void> {
  await context.pushDevices.forget(ann, ClientType.IOS);
  for (const userId of users) await context.pushDevices.set(userId, ClientType.IOS, tokenOf(userId), '2.0');
  await pushServerCame();
}

async function claim(holdMs = 0, limit = 100) {
  const { pushes } = await rpc.claim(new ClaimRequest({ limit, holdMs, timeZone: 'UTC' }));
  return (pushes ?? []) as pushApi.push.Push.$Properties[];
}

async function finish(
  push: pushApi.push.Push.$Properties | undefined,
  outcome: number,
  rest: pushApi.push.FinishedPush.$Properties = {},
): Promise<void> {
  await rpc.finish(
    FinishRequest.decode(
      FinishRequest.encode({
        pushes: [
          {
            jobId: push?.jobId ?? 0,
            attempts: push?.attempts ?? 0,
            badge: push?.badge ?? 0,
            outcome,
            msgId: push?.msgId ?? 0,
            ...rest,
          },
        ],
      }).finish(),
    ),
  );
}

async function rowsOf(table: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int4 AS n FROM ${table}`);
  return rows[0]?.n ?? 0;
}

async function log() {
  const { rows } = await pool.query('SELECT user_id, outcome, reason FROM push_log ORDER BY id');
  return rows.map(({ user_id, outcome, reason }) => [user_id, outcome, reason]);
}

function read(userId: number, peer: number, msgId: number): Promise<unknown> {
  const conv = `${Math.min(userId, peer)}::int8 << 32 | ${Math.max(userId, peer)}`;
  const [low, high] = userId < peer ? [msgId, 0] : [0, msgId];
  return pool.query(
    `SELECT mark_read_marked(ARRAY[${conv}], ARRAY[${low}], ARRAY[${high}], '{}', '{}', '{}')`,
  );
}

function readInTeam(userId: number, msgId: number): Promise<unknown> {
  return pool.query(
    `SELECT mark_read_marked('{}', '{}', '{}', ARRAY[${team}], ARRAY[${userId}], ARRAY[${msgId}])`,
  );
}

/** The user mutes the group. */
function shield(userId: number): Promise<unknown> {
  return pool.query(`UPDATE group_member SET shield = true WHERE user_id = ${userId}`);
}

/** Long enough that no hold ends during a test. */
const held = 600_000;
const endHold = () => pool.query(`UPDATE push_mark SET marked_at = marked_at - interval '1 hour'`);
const lapse = () => pool.query('UPDATE push_job SET due_at = now()');

test('nothing is marked without a device, or without a push_server', async () => {
  await pushServerCame();
  await sender.send({ from: ann, to: bob });
  await sender.send({ from: ann, to: team, group: true });
  expect(await rowsOf('push_mark'), 'no device').toBe(0);
  await phones(bob);
  await pool.query('TRUNCATE push_consumer');
  await poll.ask();
  await sender.send({ from: ann, to: bob });
  await pool.query(`INSERT INTO push_consumer VALUES (true, now() - interval '25 hours')`);
  await poll.ask();
  await sender.send({ from: ann, to: bob });
  expect(await rowsOf('push_mark'), 'the push_server went a day ago').toBe(0);
  await pushServerCame();
  await sender.send({ from: ann, to: bob });
  expect(await rowsOf('push_mark')).toBe(1);
});

test('what is marked is stored as otherwise, in one transaction with its mark', async () => {
  await phones(bob);
  await pool.query('CREATE RULE refuse AS ON INSERT TO push_mark DO INSTEAD SELECT 1 / 0');
  try {
    const sent = sender.send({ from: ann, to: bob });
    await new Promise((resolve) => setImmediate(resolve));
    expect((await sent).status).not.toBe('stored');
    expect(await rowsOf('message')).toBe(0);
  } finally {
    await pool.query('DROP RULE refuse ON push_mark');
  }
  expect(await sender.send({ from: ann, to: bob })).toEqual({ status: 'stored', msgId: 1 });
  expect(await sender.send({ from: ann, to: 77 })).toEqual({ status: 'unknown-receiver' });
  expect([await rowsOf('message'), await rowsOf('outbox'), await rowsOf('push_mark')]).toEqual([1, 1, 1]);
});

test('a conversation is not pushed to a user for what they wrote, nor for old unread messages', async () => {
  await sender.send({ from: ann, to: bob });
  await phones(ann, bob);
  await sender.send({ from: bob, to: ann });
  expect(await claim()).toMatchObject([{ userId: ann }]);
});

test('the first claim makes messages count', async () => {
  await new PushJobs(context.database, undefined).noteConsumer();
  expect(await rowsOf('push_consumer')).toBe(1);
});

test('a message to a device is pushed once its hold is over, with its text and the badge', async () => {
  await phones(bob);
  await sender.send({ from: cat, to: bob, text: 'earlier' });
  await sender.send({ from: ann, to: bob, text: 'hello' });
  expect(await claim(60_000)).toEqual([]);
  const pushes = await claim();
  expect(pushes.find(({ fromUserId }) => fromUserId === ann)).toMatchObject({
    userId: bob,
    attempts: 1,
    provider: 'apns',
    token: tokenOf(bob),
    sessionType: 1,
    sessionId: ann,
    msgId: 1,
    msgType: 1,
    fromName: 'Ann',
    unread: 1,
    badge: 2,
  });
  expect(Buffer.from(pushes.find(({ fromUserId }) => fromUserId === ann)?.msgData ?? []).toString()).toBe(
    'hello',
  );
  expect(pushes.find(({ fromUserId }) => fromUserId === cat)).toMatchObject({ fromName: 'cat' });
  expect(await claim(), 'claimed').toEqual([]);
});

test('many messages of a conversation are one push, of the newest', async () => {
  await phones(bob);
  for (let i = 1; i <= 50; i++) await sender.send({ from: ann, to: bob, text: `${i}` });
  const pushes = await claim();
  expect(pushes).toMatchObject([{ msgId: 50, unread: 50, badge: 50 }]);
});

test('what has been read is not pushed; nor is a conversation for what its user wrote', async () => {
  await phones(ann, bob);
  await sender.send({ from: ann, to: bob });
  await read(bob, ann, 1);
  expect(await claim()).toEqual([]);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  // Bob has not read it, and writes.
  await sender.send({ from: bob, to: ann });
  expect(await claim()).toMatchObject([{ userId: ann }]);
});

test('what is read while its push waits to be tried again is settled, and the log says so', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_RETRY, { reason: '503', retryMs: 1 });
  await read(bob, ann, 1);
  await lapse();
  expect(await claim()).toEqual([]);
  expect(await log()).toEqual([[bob, 'dropped', 'read']]);
  expect(await rowsOf('push_job')).toBe(0);
});

test('a message read during its hold is not pushed because of a newer one, which gets a hold of its own', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await sender.send({ from: bob, to: ann });
  await endHold();
  await read(bob, ann, 1);
  await sender.send({ from: ann, to: bob });
  expect(await claim(held)).toEqual([]);
  expect(await rowsOf('push_job')).toBe(0);
  await endHold();
  expect(await claim(held)).toMatchObject([{ userId: bob, msgId: 3, unread: 1 }]);
});

test('a message read while its push waited is cancelled, and a newer message is held', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await endHold();
  const [push] = await claim(held);
  await finish(push, PushOutcome.PUSH_RETRY, { reason: '503', retryMs: 1 });
  await read(bob, ann, 1);
  await sender.send({ from: ann, to: bob });
  await lapse();
  expect(await claim(held)).toEqual([]);
  expect(await log()).toEqual([[bob, 'dropped', 'read']]);
  await endHold();
  expect(await claim(held)).toMatchObject([{ msgId: 2, unread: 1 }]);
});

test.each(['before', 'after'])('a message that arrives %s a withdrawal was claimed is held', async (when) => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await endHold();
  await finish((await claim(held))[0], PushOutcome.PUSH_ACCEPTED);
  await read(bob, ann, 1);
  await pool.query('SELECT take_push_reads(10)');
  if (when === 'before') await sender.send({ from: ann, to: bob });
  const [withdrawal] = await claim(held);
  expect(withdrawal).toMatchObject({ msgId: 0, badge: when === 'before' ? 1 : 0 });
  if (when === 'after') await sender.send({ from: ann, to: bob });
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  expect(await claim(held)).toEqual([]);
  await endHold();
  expect(await claim(held)).toMatchObject([{ msgId: 2, unread: 1 }]);
  expect((await log()).filter(([, outcome]) => outcome === 'dropped')).toEqual([]);
});

test('an accepted push is done, unless there is a newer message by then', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob, text: 'one' });
  const [first] = await claim();
  await sender.send({ from: ann, to: bob, text: 'two' });
  expect(await claim(), 'the claim holds').toEqual([]);
  await finish(first, PushOutcome.PUSH_ACCEPTED);
  const [second] = await claim();
  expect(second).toMatchObject({ msgId: 2, unread: 2, attempts: 1 });
  await finish(second, PushOutcome.PUSH_ACCEPTED);
  expect(await claim()).toEqual([]);
  expect(await log()).toEqual([
    [bob, 'accepted', ''],
    [bob, 'accepted', ''],
  ]);
});

test('a claim that is not finished ends, and the job is claimed again', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await claim();
  await lapse();
  expect(await claim()).toMatchObject([{ attempts: 2 }]);
});

test('what may have been sent, by a push_server that died or to a provider that did not answer, is withdrawn when read', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await sender.send({ from: cat, to: bob });
  const [first, second] = await claim();
  await finish(second, PushOutcome.PUSH_RETRY, { reason: 'no answer', retryMs: 1, unsure: true });
  await read(bob, ann, 1);
  await read(bob, cat, 1);
  await lapse();
  const withdrawals = await claim();
  expect(withdrawals.map(({ msgId, sessionId }) => [msgId, sessionId])).toEqual([
    [0, first?.sessionId],
    [0, second?.sessionId],
  ]);
  for (const push of withdrawals) await finish(push, PushOutcome.PUSH_ACCEPTED);
  expect(await rowsOf('push_job')).toBe(0);
});

test('an expired job is settled', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await claim();
  await pool.query('UPDATE push_job SET due_at = now(), expires_at = now()');
  expect(await claim()).toEqual([]);
  expect(await log()).toEqual([[bob, 'dropped', 'expired']]);
});

test('a device that its provider calls gone gets nothing more, unless its token came after that', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_DEVICE_GONE, {
    reason: 'Unregistered',
    goneAt: Date.now() - 3_600_000,
  });
  await sender.send({ from: ann, to: bob });
  const [again] = await claim();
  expect(again, 'the token is newer').toMatchObject({ userId: bob });
  await finish(again, PushOutcome.PUSH_DEVICE_GONE, { reason: 'Unregistered', goneAt: Date.now() + 1_000 });
  await sender.send({ from: ann, to: bob });
  expect(await claim()).toEqual([]);
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  expect(await claim()).toMatchObject([{ userId: bob }]);
});

test('in a group everybody is pushed who has a device, no shield, and has not written it', async () => {
  await phones(ann, bob, cat);
  await shield(cat);
  await sender.send({ from: ann, to: team, group: true });
  const pushes = await claim();
  expect(pushes).toMatchObject([{ userId: bob, sessionType: 2, sessionId: team, groupName: 'Team' }]);
  await sender.send({ from: dan, to: team, group: true });
  await finish(pushes[0], PushOutcome.PUSH_ACCEPTED);
  await shield(bob);
  expect((await claim()).map(({ userId }) => userId)).toEqual([ann]);
});

test('a member who is shielded or removed while the push waits gets none', async () => {
  await phones(bob, cat);
  await sender.send({ from: ann, to: team, group: true });
  for (const push of await claim()) await finish(push, PushOutcome.PUSH_RETRY);
  await shield(bob);
  await pool.query(`DELETE FROM group_member WHERE user_id = ${cat}`);
  expect(await claim()).toEqual([]);
  expect((await log()).sort()).toEqual([
    [bob, 'dropped', 'shielded'],
    [cat, 'dropped', 'not-a-member'],
  ]);
});

test('from 22:00 to 07:00 who wants no disturbance gets none', async () => {
  await phones(bob);
  await context.userSettings.setPushShield(bob, true);
  for (const [at, pushed] of [
    [12, 1],
    [23, 0],
    [3, 0],
  ] as const) {
    await sender.send({ from: ann, to: bob });
    const { pushes } = await rpc.claim(new ClaimRequest({ limit: 9, holdMs: 0, timeZone: zoneAt(at) }));
    expect(pushes, `at ${at} h`).toHaveLength(pushed);
    if (pushes?.[0]) await finish(pushes[0] as pushApi.push.Push.$Properties, PushOutcome.PUSH_ACCEPTED);
  }
  expect((await log()).slice(1)).toEqual([
    [bob, 'dropped', 'do-not-disturb'],
    [bob, 'dropped', 'do-not-disturb'],
  ]);
});

test('a token that has moved to another user never rings for the former one', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob, text: 'secret' });
  const [push] = await claim();
  expect(push).toMatchObject({ userId: bob });
  await context.pushDevices.set(cat, ClientType.IOS, tokenOf(bob), '2.0');
  await lapse();
  expect(await claim()).toEqual([]);
  await sender.send({ from: ann, to: bob });
  expect(await claim()).toEqual([]);
});

test('who has left gets nothing', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await pool.query(`UPDATE im_user SET status = 3 WHERE id = ${bob}`);
  expect(await claim()).toEqual([]);
  expect(await log()).toEqual([[bob, 'dropped', 'user-left']]);
});

test('a long message and audio are pushed without their data', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob, text: 'x'.repeat(65_537) });
  expect(await claim()).toMatchObject([{ msgId: 1, msgData: Buffer.alloc(0) }]);
});

test('two push_servers never claim one job', async () => {
  await phones(bob, cat, dan);
  for (const from of [ann, bob, cat, dan]) await sender.send({ from, to: team, group: true });
  for (const from of [ann, bob, cat]) await sender.send({ from, to: dan });
  const claims = await Promise.all([claim(0, 3), claim(0, 3), claim(0, 3), claim(0, 3)]);
  const rest = await claim();
  const jobs = [...claims.flat(), ...rest].map(({ jobId }) => jobId);
  expect(new Set(jobs).size).toBe(jobs.length);
  // Dan, the last writer of the group, has read it.
  expect(jobs.length).toBe(5);
});

test('no message is missed while marks are taken: the last one of each conversation is pushed', async () => {
  await phones(bob, cat);
  const shown = new Map<string, number>();
  let sending = true;
  const take = async () => {
    for (const push of await claim()) {
      shown.set(`${push.userId} ${push.sessionId}`, push.msgId as number);
      await finish(push, PushOutcome.PUSH_ACCEPTED);
    }
  };
  const takers = [1, 2].map(async () => {
    while (sending) await take();
  });
  const last = new Map<string, number>();
  await Promise.all(
    [bob, cat].map(async (to) => {
      for (let i = 0; i < 60; i++) {
        const outcome = await sender.send({ from: ann, to });
        if (outcome.status === 'stored') last.set(`${to} ${ann}`, outcome.msgId);
      }
    }),
  );
  sending = false;
  await Promise.all(takers);
  await take();
  expect(shown).toEqual(last);
});

test('the history of a user has their devices, what was decided, and what waits', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_ACCEPTED, { reason: 'its id' });
  await sender.send({ from: ann, to: team, group: true });
  const [other] = await claim();
  await finish(other, PushOutcome.PUSH_RETRY, { reason: 'busy', retryMs: 60_000 });
  const query = queryOn(database.dataSource);
  expect(await findPushUser(query, 'bob')).toBe(bob);
  expect(await findPushUser(query, String(bob))).toBe(bob);
  expect(await findPushUser(query, 'nobody')).toBeUndefined();
  expect(await pushDevicesOf(query, bob)).toMatchObject([
    { provider: 'apns', token: tokenOf(bob).slice(-8), clientVersion: '2.0', failure: null },
  ]);
  expect(await pushHistory(query, bob)).toMatchObject([
    { conversation: `group ${team}`, msgId: 1, outcome: 'waiting', reason: 'busy' },
    { conversation: `user ${ann}`, msgId: 1, outcome: 'accepted', reason: 'its id', attempts: 1 },
  ]);
  expect(await pushHistory(query, cat)).toEqual([]);
});

test('what nobody takes is removed after a day, and the log after a week', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await claim();
  await sender.send({ from: cat, to: bob });
  expect(await context.pushJobs.purge()).toBe(0);
  await pool.query(`UPDATE push_mark SET marked_at = now() - interval '25 hours'`);
  await pool.query(`UPDATE push_job SET due_at = now(), expires_at = now() - interval '2 hours'`);
  await pool.query(
    `INSERT INTO push_log (at, user_id, device_id, provider, conv, msg_id, outcome, reason, attempts, seconds)
     VALUES (now() - interval '8 days', 1, 1, 'apns', 1, 1, 'accepted', '', 1, 0), (now(), 1, 1, 'apns', 1, 1, '', '', 1, 0)`,
  );
  expect(await context.pushJobs.purge()).toBe(3);
  expect(await rowsOf('push_mark')).toBe(0);
  expect(await rowsOf('push_log')).toBe(1);
});

test('a banner is withdrawn when its conversation is read elsewhere, once', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await sender.send({ from: cat, to: bob });
  const pushes = await claim();
  for (const push of pushes) await finish(push, PushOutcome.PUSH_ACCEPTED);
  await read(bob, ann, 1);
  const [withdrawal, ...rest] = await claim();
  expect(rest).toEqual([]);
  expect(withdrawal).toMatchObject({ sessionType: 1, sessionId: ann, msgId: 0, unread: 0, badge: 1 });
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  expect((await log()).at(-1)).toEqual([bob, 'withdrawn', '']);
  await read(bob, ann, 1);
  expect(await claim()).toEqual([]);
  await sender.send({ from: ann, to: bob });
  expect(await claim()).toMatchObject([{ sessionId: ann, msgId: 2 }]);
});

test('what is read while its push is in progress is withdrawn when it has arrived', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await read(bob, ann, 1);
  expect(await claim(), 'the claim holds').toEqual([]);
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  expect(await claim()).toMatchObject([{ msgId: 0, sessionId: ann }]);
});

test('a message that comes while its conversation is withdrawn is pushed', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await finish((await claim())[0], PushOutcome.PUSH_ACCEPTED);
  await read(bob, ann, 1);
  const [withdrawal] = await claim();
  await sender.send({ from: ann, to: bob });
  expect(await claim()).toEqual([]);
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  expect(await claim()).toMatchObject([{ msgId: 2, unread: 1 }]);
});

test('who reads a part keeps the banner, and a message that was shown is not pushed again', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await read(bob, ann, 1);
  expect(await claim()).toEqual([]);
  await pool.query('UPDATE push_job SET due_at = now()');
  expect(await claim()).toEqual([]);
  expect(await log()).toEqual([[bob, 'accepted', '']]);
});

test('a claim has new jobs and those that are due, each for 8 s, and no more than it asks for', async () => {
  await phones(bob, cat, dan);
  await sender.send({ from: ann, to: team, group: true });
  const claims = await Promise.all([claim(0, 2), claim(0, 1), claim(0, 1)]);
  const users = claims.flat().map(({ userId }) => userId);
  expect([...users, ...(await claim(0, 2)).map(({ userId }) => userId)].sort()).toEqual([bob, cat, dan]);
  for (const pushes of claims) expect(pushes.length).toBeLessThanOrEqual(2);
  const { rows } = await pool.query(
    `SELECT attempts, claimed, unsure, tried_id, due_at BETWEEN now() + interval '5 s' AND now() + interval '8 s' AS leased
     FROM push_job`,
  );
  const claimed = { attempts: 1, claimed: true, unsure: false, tried_id: 1, leased: true };
  expect(rows).toEqual([claimed, claimed, claimed]);
  await pool.query('UPDATE push_job SET due_at = now()');
  expect(await claim(0, 3)).toHaveLength(3);
  expect((await pool.query('SELECT DISTINCT attempts, unsure FROM push_job')).rows).toEqual([
    { attempts: 2, unsure: true },
  ]);
});

test('a banner is withdrawn that was read while its push was being recorded', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  const recording = await pool.connect();
  try {
    await recording.query('BEGIN');
    await recording.query(
      `SELECT finish_pushes(ARRAY[$1::int8], '{accepted}', '{""}', '{1}', '{0}', '{0}', '{f}')`,
      [push?.jobId],
    );
    await read(bob, ann, 1);
    const next = claim();
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
    await recording.query('COMMIT');
    expect(await next).toMatchObject([{ sessionId: ann, msgId: 0 }]);
  } finally {
    recording.release(true);
  }
});

test('a banner that was read before its push arrived is withdrawn although a newer message came to the group, which is muted', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: team, group: true });
  const [push] = await claim();
  await readInTeam(bob, 1);
  expect(await claim(held), 'the claim holds').toEqual([]);
  await sender.send({ from: ann, to: team, group: true });
  await shield(bob);
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  const [withdrawal] = await claim(held);
  expect(withdrawal).toMatchObject({ sessionType: 2, msgId: 0, badge: 1 });
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  expect(await claim()).toEqual([]);
});

test('a banner that has been read is withdrawn while a newer message is held, and not missed when its group is muted then', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: team, group: true });
  await finish((await claim())[0], PushOutcome.PUSH_ACCEPTED);
  await sender.send({ from: ann, to: team, group: true });
  await readInTeam(bob, 1);
  const [withdrawal] = await claim(held);
  expect(withdrawal).toMatchObject({ sessionType: 2, msgId: 0, badge: 1 });
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  await shield(bob);
  expect(await claim()).toEqual([]);
});

test('a withdrawal that the provider refuses is given up', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: team, group: true });
  await finish((await claim())[0], PushOutcome.PUSH_ACCEPTED);
  await readInTeam(bob, 1);
  const [withdrawal] = await claim();
  await sender.send({ from: ann, to: team, group: true });
  await endHold();
  expect(await claim(held)).toEqual([]);
  await shield(bob);
  await finish(withdrawal, PushOutcome.PUSH_DROPPED, { reason: 'banners only' });
  expect(await claim()).toEqual([]);
  expect(await rowsOf('push_job')).toBe(0);
  expect(await log()).toEqual([
    [bob, 'accepted', ''],
    [bob, 'dropped', 'banners only'],
    [bob, 'dropped', 'shielded'],
  ]);
});

test('a banner that was read while a newer message was on its way is withdrawn although the provider refuses that', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await finish((await claim())[0], PushOutcome.PUSH_ACCEPTED);
  await sender.send({ from: ann, to: bob });
  const [newer] = await claim();
  await read(bob, ann, 2);
  expect(await claim()).toEqual([]);
  await finish(newer, PushOutcome.PUSH_DROPPED, { reason: 'acknowledged' });
  const [withdrawal] = await claim();
  expect(withdrawal).toMatchObject({ sessionId: ann, msgId: 0 });
  await finish(withdrawal, PushOutcome.PUSH_DROPPED, { reason: 'refused' });
  expect([await claim(), await rowsOf('push_job')]).toEqual([[], 0]);
});

test('a shield, or the hours of the night, leave what is shown, until it is read', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: team, group: true });
  await finish((await claim())[0], PushOutcome.PUSH_ACCEPTED);
  await sender.send({ from: ann, to: team, group: true });
  await pool.query(`UPDATE push_mark SET marked_at = marked_at - interval '1 s'`);
  await pool.query(`SELECT take_push_marks(0, 10)`);
  await shield(bob);
  expect(await claim()).toEqual([]);
  await readInTeam(bob, 2);
  expect(await claim()).toMatchObject([{ sessionType: 2, msgId: 0 }]);
});

const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** The messages of muted groups are searched by the claim after the one that takes their marks. */
const claimMentions = async () => [...(await claim()), ...(await claim())];

function writeToTeam(from: number, text: string) {
  return sender.send({ from, to: team, group: true, text: codec.encrypt(text).toString() });
}

test('a mention is pushed although the user has muted the group, and what is written after it is not', async () => {
  await phones(bob, cat);
  await shield(bob);
  await shield(cat);
  await writeToTeam(ann, 'hello');
  await writeToTeam(ann, '@Bob can you look?');
  await writeToTeam(ann, 'anybody?');
  const [push, ...others] = await claimMentions();
  expect([push, others]).toMatchObject([{ userId: bob, msgId: 2 }, []]);
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await writeToTeam(ann, 'never mind');
  expect(await claimMentions(), 'nothing new for Bob').toEqual([]);
  await writeToTeam(ann, '@cat @bob');
  expect(await claimMentions(), 'by nickname or name').toMatchObject([
    { userId: bob, msgId: 5 },
    { userId: cat, msgId: 5 },
  ]);
});

test('a mention that is read, or one’s own, is not pushed, nor a longer name', async () => {
  await phones(ann, bob);
  await shield(ann);
  await shield(bob);
  await writeToTeam(ann, '@Ann note to self');
  await writeToTeam(ann, '@Bobby, and bob@example.com');
  expect(await claimMentions()).toEqual([]);
  await writeToTeam(ann, '@Bob');
  await readInTeam(bob, 3);
  expect(await claimMentions()).toEqual([]);
});

test('one message with many mentions hides no mention of others', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, `${'@nobody '.repeat(60)} @Bob`);
  expect(await claimMentions(), 'after 50').toEqual([]);
  await writeToTeam(ann, '@Bob');
  for (let i = 0; i < 20; i++) await writeToTeam(ann, '@nobody '.repeat(60));
  expect(await claimMentions()).toMatchObject([{ userId: bob, msgId: 2 }]);
});

test('the banner of a mention goes when it has been read', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, '@Bob');
  const [push] = await claimMentions();
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await readInTeam(bob, 1);
  expect(await claim()).toMatchObject([{ userId: bob, msgId: 0, badge: 0 }]);
});

test('reading a conversation without a banner sets the badge', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, 'one');
  await writeToTeam(ann, 'two');
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  expect(push).toMatchObject({ sessionType: 1, badge: 3 });
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await readInTeam(bob, 2);
  const [badge, ...more] = await claim();
  expect([badge, more]).toMatchObject([{ msgId: 0, badge: 1 }, []]);
  await finish(badge, PushOutcome.PUSH_ACCEPTED);
  await readInTeam(bob, 2);
  expect(await claim(), 'the badge is right').toEqual([]);
});

test('a device that was told of no badge is not told of reading', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, 'one');
  await readInTeam(bob, 1);
  expect(await claim()).toEqual([]);
});

test('removing a conversation from the list withdraws its banner', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  await writeToTeam(ann, 'hello');
  const pushes = await claim();
  for (const push of pushes) await finish(push, PushOutcome.PUSH_ACCEPTED);
  await context.sessions.remove({ userId: bob, isGroup: false, sessionId: ann });
  expect(await claim()).toMatchObject([{ sessionType: 1, msgId: 0, badge: 1 }]);
  await context.sessions.remove({ userId: bob, isGroup: true, sessionId: team });
  expect(await claim()).toMatchObject([{ sessionType: 2, msgId: 0, badge: 0 }]);
});

test('the banner of a group goes when its user is removed from it', async () => {
  await phones(bob);
  await writeToTeam(ann, 'hello');
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await pool.query(`DELETE FROM group_member WHERE group_id = ${team} AND user_id = ${bob}`);
  const [withdrawal] = await claim();
  expect(withdrawal).toMatchObject({ sessionType: 2, sessionId: team, msgId: 0, badge: 0 });
  await finish(withdrawal, PushOutcome.PUSH_ACCEPTED);
  expect(await rowsOf('push_job')).toBe(0);
});

test('the outcome of a lapsed claim does not end the claim after it', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [late] = await claim();
  await lapse();
  const [now] = await claim();
  expect(now).toMatchObject({ jobId: late?.jobId, attempts: 2 });
  await finish(late, PushOutcome.PUSH_RETRY);
  expect(await claim(), 'the claim holds').toEqual([]);
  await finish(now, PushOutcome.PUSH_ACCEPTED);
  await finish(now, PushOutcome.PUSH_RETRY, { reason: 'reported twice' });
  expect(await claim(), 'it is not due again').toEqual([]);
});

test('what a removed device was still to get is in the log', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_RETRY, { retryMs: 60_000 });
  await context.pushDevices.forget(bob, ClientType.IOS);
  expect(await log()).toEqual([[bob, 'dropped', 'device-removed']]);
});

test('a push that only set the badge is told from one that rang', async () => {
  await phones(bob);
  await sender.send({ from: ann, to: bob });
  const [push] = await claim();
  await finish(push, PushOutcome.PUSH_ACCEPTED, { silent: true, reason: 'an id' });
  expect(await log()).toEqual([[bob, 'badge-only', 'an id']]);
});
