import { pushApi } from '@teamtalk/rpc';
import { expect, test } from 'vitest';
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
  log,
  phones,
  pool,
  read,
  readInTeam,
  rowsOf,
  sender,
  shield,
  team,
  useFourUsers,
  writeToTeam,
} from '../testing/push-fixture.js';

const { PushOutcome } = pushApi.push;

useFourUsers();

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
