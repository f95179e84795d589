import { generateKeyPairSync } from 'node:crypto';
import { FakeApns } from '@teamtalk/local-stack';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Notification } from '../provider.js';
import { Apns } from './apns.js';

const ids = { keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
const topic = 'com.example.teamtalk';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const token = 'ab'.repeat(32);

let fake: FakeApns;
let apns: Apns;
let clock: number;

beforeEach(async () => {
  // A minute after a provider token begins.
  clock = Math.floor(Date.now() / 1_800_000) * 1_800_000 + 60_000;
  fake = await FakeApns.start({ publicKey, ...ids, topic, now: () => clock });
  apns = start();
});
afterEach(async () => {
  await apns.stop();
  await fake.close();
});

function start(rest: { teamId?: string; pem?: string; topic?: string; answerMs?: number } = {}): Apns {
  return new Apns({
    server: { origin: fake.origin, ca: fake.ca },
    key: { ...ids, pem, ...rest },
    topic: rest.topic ?? topic,
    now: () => clock,
    answerMs: rest.answerMs ?? 30_000,
  });
}

let sent = 0;
function notification(rest: Partial<Notification> = {}): Notification {
  return {
    id: `00000000-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
    token,
    app: '',
    collapseId: 's1',
    expiresAt: clock + 86_400_000,
    alert: { title: 'Ann', body: 'hello' },
    badge: 3,
    data: { msg_type: 1, from_id: 7 },
    ...rest,
  };
}

test('a notification becomes a banner, with a string of JSON for the historic app', async () => {
  const first = notification();
  expect(await apns.send(first)).toEqual({ kind: 'accepted', id: first.id });
  expect(fake.banners.get(`${token} s1`)?.payload).toEqual({
    aps: { alert: { title: 'Ann', body: 'hello' }, badge: 3, sound: 'bingbong.aiff' },
    custom: '{"msg_type":1,"from_id":7}',
  });
});

test('one without an alert only sets the badge, and replaces no banner but the badge before', async () => {
  await apns.send(notification());
  for (const badge of [4, 5]) {
    const { alert, ...silent } = notification({ badge });
    expect(await apns.send(silent)).toMatchObject({ kind: 'accepted' });
  }
  expect(
    [...fake.banners].map(([id, { payload }]) => [id, payload.aps.alert?.body, payload.aps.badge]),
  ).toEqual([
    [`${token} s1`, 'hello', 3],
    [`${token} badge`, undefined, 5],
  ]);
});

test('a withdrawal removes the banner and sets the badge', async () => {
  await apns.send(notification());
  const { alert, ...rest } = notification();
  expect(await apns.send({ ...rest, badge: 0, withdraws: true })).toMatchObject({ kind: 'accepted' });
  expect([fake.banners.size, fake.badges.get(token)]).toEqual([0, 0]);
});

test('banners of one conversation replace each other', async () => {
  await apns.send(notification());
  await apns.send(notification({ alert: { title: 'Ann', body: 'newer' } }));
  await apns.send(notification({ collapseId: 'g2' }));
  expect([...fake.banners.values()].map(({ payload }) => payload.aps.alert?.body)).toEqual([
    'newer',
    'hello',
  ]);
});

test('many at once go over one connection', async () => {
  const outcomes = await Promise.all(Array.from({ length: 500 }, () => apns.send(notification())));
  expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(fake.connections).toBe(1);
});

test('a text of any length fits, and is cut between characters', async () => {
  const family = '👩‍👩‍👧‍👦';
  for (const body of [
    '长'.repeat(5_000),
    family.repeat(1_000),
    '\u0001"\\'.repeat(3_000),
    '\ud83d'.repeat(2_000),
  ]) {
    expect(await apns.send(notification({ alert: { title: body, body } }))).toMatchObject({
      kind: 'accepted',
    });
  }
  expect(fake.refusals).toEqual([]);
  await apns.send(notification({ alert: { title: 'x', body: family.repeat(1_000) } }));
  const shown = fake.banners.get(`${token} s1`)?.payload.aps.alert?.body ?? '';
  expect(shown.replaceAll(family, '')).toBe('…');
});

describe('the provider token', () => {
  test('is the same for all replicas, and never older than an hour', async () => {
    const other = start();
    for (let minute = 0; minute < 200; minute += 7) {
      expect(await apns.send(notification()), `minute ${minute}`).toMatchObject({ kind: 'accepted' });
      expect(await other.send(notification()), `minute ${minute}`).toMatchObject({ kind: 'accepted' });
      clock += 7 * 60_000;
    }
    await other.stop();
    expect(fake.refusals).toEqual([]);
  });

  test('is renewed at once when Apple calls it expired, and that once in 20 minutes at most', async () => {
    await apns.send(notification());
    clock += 25 * 60_000;
    fake.misbehaviours.push({ status: 403, reason: 'ExpiredProviderToken' });
    expect(await apns.send(notification())).toMatchObject({ kind: 'accepted' });
    fake.misbehaviours.push({ status: 403, reason: 'ExpiredProviderToken' });
    expect(await apns.send(notification())).toMatchObject({
      kind: 'blocked',
      reason: 'ExpiredProviderToken',
    });
  });

  test('is renewed within the time of the first attempt', async () => {
    await apns.send(notification());
    clock += 25 * 60_000;
    let passed = 0;
    const time = vi.spyOn(performance, 'now').mockImplementation(() => passed);
    onTestFinished(() => time.mockRestore());
    const late = {
      status: 403,
      get reason() {
        passed = 29_900;
        return 'ExpiredProviderToken';
      },
    };
    fake.misbehaviours.push(late, 'half-open');
    expect(await apns.send(notification())).toMatchObject({
      kind: 'retry',
      reason: 'no answer within 100 ms',
    });
  });

  test('of a wrong team, a wrong key or a wrong topic blocks everything', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const [wrong, reason] of [
      [{ teamId: 'OTHERTEAM1' }, 'InvalidProviderToken'],
      [{ pem: other.export({ type: 'pkcs8', format: 'pem' }) as string }, 'InvalidProviderToken'],
      [{ topic: 'com.example.other' }, 'TopicDisallowed'],
    ] as const) {
      const mistaken = start(wrong);
      expect(await mistaken.send(notification())).toMatchObject({ kind: 'blocked', reason });
      await mistaken.stop();
    }
  });

  test('needs a key of curve P-256', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    expect(() => start({ pem: rsa.export({ type: 'pkcs8', format: 'pem' }) as string })).toThrow('P-256');
    expect(() => start({ pem: 'no key' })).toThrow();
  });
});

describe('what APNs refuses', () => {
  test.each([
    [
      { status: 410, reason: 'Unregistered', timestamp: 1_700_000_000_000 },
      { kind: 'gone', since: 1_700_000_000_000 },
    ],
    [
      { status: 400, reason: 'BadDeviceToken' },
      { kind: 'gone', reason: 'BadDeviceToken' },
    ],
    [{ status: 400, reason: 'DeviceTokenNotForTopic' }, { kind: 'gone' }],
    [
      { status: 429, reason: 'TooManyRequests', retryAfter: 7 },
      { kind: 'retry', afterMs: 7_000 },
    ],
    [
      { status: 429, reason: 'TooManyProviderTokenUpdates' },
      { kind: 'blocked', afterMs: 300_000 },
    ],
    [
      { status: 503, reason: 'Shutdown' },
      { kind: 'retry', reason: 'Shutdown' },
    ],
    [{ status: 500, reason: 'InternalServerError' }, { kind: 'retry' }],
    [
      { status: 400, reason: 'BadPriority' },
      { kind: 'refused', reason: 'BadPriority' },
    ],
    [{ status: 413, reason: 'PayloadTooLarge' }, { kind: 'refused' }],
  ])('%o', async (answer, outcome) => {
    fake.misbehaviours.push(answer);
    expect(await apns.send(notification())).toMatchObject(outcome);
    expect(await apns.send(notification())).toMatchObject({ kind: 'accepted' });
  });

  test.each(['TopicDisallowed', 'BadTopic', 'MissingTopic'])(
    'for the bundle id of a single device (%s) does not block other devices',
    async (reason) => {
      fake.misbehaviours.push({ status: 400, reason });
      expect(await apns.send(notification({ app: 'com.other' }))).toEqual({ kind: 'refused', reason });
      fake.misbehaviours.push({ status: 400, reason });
      expect(await apns.send(notification({ app: topic }))).toMatchObject({ kind: 'blocked', reason });
    },
  );

  test('a token that cannot be one is not sent at all', async () => {
    for (const bad of ['', 'xyz', '../../3/device/', 'ab'.repeat(31), 'ab'.repeat(101)]) {
      expect(await apns.send(notification({ token: bad }))).toEqual({
        kind: 'gone',
        reason: 'BadDeviceToken',
      });
    }
    expect(fake.connections).toBe(0);
  });
});

describe('a connection that ends', () => {
  test('by GOAWAY is replaced; what it took is accepted, the rest is to be tried again', async () => {
    await apns.send(notification());
    fake.misbehaviours.push('goaway');
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => apns.send(notification())));
    for (const outcome of outcomes) expect(['accepted', 'retry']).toContain(outcome.kind);
    expect(outcomes.some(({ kind }) => kind === 'accepted')).toBe(true);
    expect(await apns.send(notification())).toMatchObject({ kind: 'accepted' });
    expect(fake.connections).toBe(2);
    expect([...fake.accepted.values()].every((times) => times === 1)).toBe(true);
  });

  test.each(['break', 'reset-stream'] as const)(
    'by %s leaves what has no answer to be tried again',
    async (how) => {
      await apns.send(notification());
      fake.misbehaviours.push(how);
      expect(await apns.send(notification())).toMatchObject({ kind: 'retry' });
      expect(await apns.send(notification())).toMatchObject({ kind: 'accepted' });
    },
  );

  test('without a word is given up after the deadline, and replaced', async () => {
    const hasty = start({ answerMs: 3_000 });
    fake.misbehaviours.push('half-open');
    // More than APNs takes at a time: some have not been sent yet.
    const outcomes = await Promise.all(Array.from({ length: 150 }, () => hasty.send(notification())));
    expect(outcomes.every(({ kind }) => kind === 'retry')).toBe(true);
    expect(fake.accepted.size).toBe(0);
    expect(await hasty.send(notification())).toMatchObject({ kind: 'accepted' });
    expect(fake.connections).toBe(2);
    await hasty.stop();
  });

  test('because the server is away, or its certificate is not known, is to be tried again', async () => {
    const stranger = new Apns({
      server: { origin: fake.origin, ca: undefined },
      key: { ...ids, pem },
      topic,
      answerMs: 2_000,
    });
    expect(await stranger.send(notification())).toMatchObject({ kind: 'retry' });
    await stranger.stop();
    await fake.close();
    expect(await apns.send(notification())).toMatchObject({ kind: 'retry' });
    fake = await FakeApns.start({ publicKey, ...ids, topic });
  });
});
