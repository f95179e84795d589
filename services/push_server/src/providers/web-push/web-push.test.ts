import { generateKeyPairSync } from 'node:crypto';
import { FakeWebPush } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strangersKey } from '../../testing/stands.js';
import type { Notification } from '../provider.js';
import { rawPublicKey } from './p256.js';
import { isAllowed } from './subscription.js';
import { WebPush } from './web-push.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

let fake: FakeWebPush;
let clock: number;
const started: WebPush[] = [];

beforeEach(async () => {
  clock = Date.now();
  fake = await FakeWebPush.start(rawPublicKey(privateKey).toString('base64url'), () => clock);
});
afterEach(async () => {
  for (const each of started.splice(0)) await each.stop();
  await fake.close();
});

function start(hosts = [new URL(fake.origin).host], name: 'webpush' | 'unifiedpush' = 'webpush'): WebPush {
  const key = { pem, subject: 'mailto:it@example.com' };
  const provider = new WebPush({ name, key, hosts, ca: fake.ca, now: () => clock });
  started.push(provider);
  return provider;
}

const send = (provider: WebPush, token: string, rest: Partial<Notification> = {}) =>
  provider.send({
    id: '00000000-0000-4000-8000-000000000001',
    token,
    app: '',
    collapseId: 's1',
    expiresAt: clock + 86_400_000,
    alert: { title: 'Ann', body: 'hello' },
    badge: 3,
    data: { msg_type: 1, from_id: 7 },
    ...rest,
  });

const silent = { alert: undefined } as unknown as Partial<Notification>;

test('the message has what the app needs to open the conversation', async () => {
  expect(await send(start(), fake.subscribe('phone'))).toEqual({
    kind: 'accepted',
    id: `${fake.origin}/message/1`,
  });
  expect(fake.banners.get('phone s1')).toEqual({
    title: 'Ann',
    body: 'hello',
    tag: 's1',
    badge: 3,
    msg_type: 1,
    from_id: 7,
  });
});

test('a badge alone replaces no undelivered banner but the badge before', async () => {
  const provider = start(undefined, 'unifiedpush');
  const token = fake.subscribe('phone');
  await send(provider, token);
  for (const badge of [4, 5]) await send(provider, token, { ...silent, badge });
  expect([...fake.kept].map(([topic, { body, badge }]) => [topic, body, badge])).toEqual([
    ['phone s1', 'hello', 3],
    ['phone badge', undefined, 5],
  ]);
});

test('the sender’s token is never too old', async () => {
  const provider = start();
  const token = fake.subscribe('phone');
  for (let hour = 0; hour < 60; hour += 5) {
    expect(await send(provider, token)).toMatchObject({ kind: 'accepted' });
    clock += 5 * 3_600_000;
  }
});

test('nothing is sent to a host that is not allowed, wherever a client says its endpoint is', async () => {
  const token = fake.subscribe('phone');
  expect(await send(start([]), token)).toEqual({ kind: 'refused', reason: 'host not allowed' });
  expect(await send(start(['example.com', '*.localhost']), token)).toMatchObject({ kind: 'refused' });
  expect(isAllowed(new URL('https://web.push.apple.com/x'), ['*.push.apple.com'])).toBe(true);
  expect(isAllowed(new URL('https://push.apple.com.example.com/x'), ['*.push.apple.com'])).toBe(false);
  expect(isAllowed(new URL('https://evil-push.apple.com@example.com/'), ['*.push.apple.com'])).toBe(false);
});

test('nor to another port than 443, unless it is named', async () => {
  expect(await send(start(['localhost']), fake.subscribe('phone'))).toMatchObject({ kind: 'refused' });
  const allowed = (url: string, pattern: string) => isAllowed(new URL(url), [pattern]);
  expect(allowed('https://push.example.com:443/x', 'push.example.com')).toBe(true);
  expect(allowed('https://push.example.com:81/x', 'push.example.com')).toBe(false);
  expect(allowed('https://web.push.apple.com:81/x', '*.push.apple.com')).toBe(false);
  expect(allowed('https://push.example.com:8443/x', 'push.example.com:8443')).toBe(true);
  expect(allowed('https://push.example.com/x', 'push.example.com:8443')).toBe(false);
});

test('a subscription with another key waits until that is mended, and the next goes through', async () => {
  const other = await FakeWebPush.start(strangersKey(), () => clock);
  const provider = start([fake, other].map(({ origin }) => new URL(origin).host));
  expect(await send(provider, other.subscribe('phone'))).toEqual({
    kind: 'retry',
    reason: 'status 403',
    afterMs: 300_000,
  });
  await other.close();
  expect(await send(provider, fake.subscribe('phone'))).toMatchObject({ kind: 'accepted' });
});

test.each([
  [{ status: 404 }, { kind: 'gone' }],
  [{ status: 401 }, { kind: 'retry', afterMs: 300_000 }],
  [{ status: 413 }, { kind: 'refused' }],
  [{ status: 302 }, { kind: 'refused' }],
  [
    { status: 503, retryAfter: 'in a while' },
    { kind: 'retry', reason: 'status 503' },
  ],
])('%o', async (answer, outcome) => {
  fake.misbehaviours.push(answer);
  expect(await send(start(), fake.subscribe('phone'))).toMatchObject(outcome);
});

test('Retry-After may be a date', async () => {
  clock = Math.floor(clock / 1_000) * 1_000;
  fake.misbehaviours.push({ status: 429, retryAfter: new Date(clock + 30_000).toUTCString() });
  expect(await send(start(), fake.subscribe('phone'))).toMatchObject({ kind: 'retry', afterMs: 30_000 });
});

test('browsers get nothing that shows nothing, Safari no withdrawals either; apps get both', async () => {
  const token = fake.subscribe('phone');
  const only = { kind: 'unsupported', reason: 'banners only' };
  expect(await send(start(), token, silent)).toEqual(only);
  expect(await send(start(), token, { ...silent, withdraws: true })).toMatchObject({ kind: 'accepted' });
  const ofSafari = token.replace(fake.origin, 'https://web.push.apple.com');
  expect(await send(start(['*.push.apple.com']), ofSafari, { ...silent, withdraws: true })).toEqual(only);
  expect(await send(start(undefined, 'unifiedpush'), token, silent)).toMatchObject({ kind: 'accepted' });
});
