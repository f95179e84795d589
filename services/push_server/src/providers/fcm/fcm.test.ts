import { generateKeyPairSync } from 'node:crypto';
import { FakeFcm } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Notification } from '../provider.js';
import { Fcm } from './fcm.js';

const ids = { projectId: 'teamtalk-1', clientEmail: 'push@teamtalk-1.example.com' };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

let fake: FakeFcm;
let fcm: Fcm;
let clock: number;

beforeEach(async () => {
  clock = Date.now();
  fake = await FakeFcm.start({ publicKey, ...ids, tokenSeconds: 60, now: () => clock });
  fcm = start();
});
afterEach(async () => {
  await fcm.stop();
  await fake.close();
});

function start(rest: { projectId?: string; clientEmail?: string; privateKey?: string } = {}): Fcm {
  const account = { ...ids, privateKey: pem, tokenUri: fake.tokenUri, ...rest };
  return new Fcm({ origin: fake.origin, account, ca: fake.ca, now: () => clock });
}

const send = (provider = fcm, rest: Partial<Notification> = {}) =>
  provider.send({
    id: '00000000-0000-4000-8000-000000000001',
    token: 'cRk4:APA91bExample_device',
    app: 'com.example.teamtalk',
    collapseId: 'g9',
    expiresAt: clock + 86_400_000,
    alert: { title: 'Team', body: 'hello' },
    badge: 3,
    data: { msg_type: 17, from_id: 7, group_id: 9 },
    ...rest,
  });

test('the message has what the app needs to open the conversation, as strings', async () => {
  await send();
  expect([...fake.banners.values()]).toMatchObject([
    {
      notification: { title: 'Team', body: 'hello' },
      data: { tag: 'g9', badge: '3', msg_type: '17', from_id: '7', group_id: '9' },
      android: { priority: 'HIGH', ttl: '86400s', restricted_package_name: 'com.example.teamtalk' },
    },
  ]);
});

test('withdrawals and badges have four collapse keys in all, as many as FCM keeps for an offline phone', async () => {
  const withdrawn = { alert: undefined, withdraws: true } as unknown as Partial<Notification>;
  for (let group = 1; group <= 20; group++) await send(fcm, { ...withdrawn, collapseId: `g${group}` });
  const badge = { alert: undefined } as unknown as Partial<Notification>;
  for (let group = 1; group <= 20; group++) await send(fcm, { ...badge, collapseId: `g${group}` });
  const [keys, ...others] = [...fake.collapseKeys.values()];
  expect([fake.accepted, keys?.size, others]).toEqual([40, 4, []]);
});

test('one access token is fetched for many, and another before it ends', async () => {
  await Promise.all(Array.from({ length: 20 }, () => send()));
  expect(fake.issued.size).toBe(1);
  for (let i = 0; i < 20; i++) {
    clock += 10_000;
    expect(await send()).toMatchObject({ kind: 'accepted' });
  }
  expect(fake.refusals).toEqual([]);
  expect(fake.issued.size).toBeLessThan(10);
});

test('an access token that is revoked is replaced at once', async () => {
  await send();
  fake.revoke();
  expect(await send()).toMatchObject({ kind: 'accepted' });
  expect(fake.issued.size).toBe(2);
});

test('an account, key or project that is wrong blocks everything', async () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  for (const [wrong, reason] of [
    [{ clientEmail: 'somebody@example.com' }, 'invalid_grant'],
    [{ privateKey: other.export({ type: 'pkcs8', format: 'pem' }) as string }, 'invalid_grant'],
    [{ projectId: 'another' }, 'NOT_FOUND'],
  ] as const) {
    const mistaken = start(wrong);
    expect(await send(mistaken)).toMatchObject({ kind: 'blocked', reason });
    await mistaken.stop();
  }
  const { privateKey: curve } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(() => start({ privateKey: curve.export({ type: 'pkcs8', format: 'pem' }) as string })).toThrow(
    'RSA',
  );
});

test.each([
  [{ status: 403, error: 'PERMISSION_DENIED', code: 'SENDER_ID_MISMATCH' }, { kind: 'gone' }],
  [{ status: 403, error: 'PERMISSION_DENIED' }, { kind: 'blocked' }],
  [{ status: 401, error: 'UNAUTHENTICATED', code: 'THIRD_PARTY_AUTH_ERROR' }, { kind: 'refused' }],
  [{ status: 400, error: 'INVALID_ARGUMENT: ttl', code: 'INVALID_ARGUMENT' }, { kind: 'refused' }],
  [
    { status: 429, error: 'RESOURCE_EXHAUSTED' },
    { kind: 'retry', afterMs: 60_000 },
  ],
  ['no-json' as const, { kind: 'retry', reason: 'status 502' }],
])('%o', async (answer, outcome) => {
  fake.misbehaviours.push(answer);
  expect(await send()).toMatchObject(outcome);
  expect(await send()).toMatchObject({ kind: 'accepted' });
});
