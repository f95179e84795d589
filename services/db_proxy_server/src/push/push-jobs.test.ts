import { ClientType } from '@teamtalk/protocol';
import { pushApi } from '@teamtalk/rpc';
import { expect, test } from 'vitest';
import { queryOn } from '../database/database.js';
import {
  ann,
  bob,
  cat,
  claim,
  context,
  dan,
  endHold,
  finish,
  held,
  lapse,
  log,
  phones,
  poll,
  pool,
  pushServerCame,
  read,
  rowsOf,
  rpc,
  sender,
  shield,
  team,
  tokenOf,
  useFourUsers,
} from '../testing/push-fixture.js';
import { zoneAt } from '../testing/zone-at.js';
import { findPushUser, pushDevicesOf, pushHistory } from './push-history.js';
import { PushJobs } from './push-jobs.js';

const { ClaimRequest, PushOutcome } = pushApi.push;

useFourUsers();

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
  const query = queryOn(context.database.dataSource);
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
