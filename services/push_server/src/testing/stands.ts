import { createECDH, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { FakeApns, FakeFcm, FakeWebPush } from '@teamtalk/local-stack';
import { Apns } from '../providers/apns/apns.js';
import { Fcm } from '../providers/fcm/fcm.js';
import { rawPublicKey } from '../providers/web-push/p256.js';
import { WebPush } from '../providers/web-push/web-push.js';
import type { Stand } from './stand.js';
import { vendorStands } from './vendor-stands.js';

const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** The providers, each with its fake; a busy one wants to be left alone for 7 s. */
export const stands: Readonly<Record<string, (answerMs: number, proxy?: URL) => Promise<Stand>>> = {
  apns: async (answerMs, proxy) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ids = { keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
    const topic = 'com.example.teamtalk';
    const fake = await FakeApns.start({ publicKey, ...ids, topic });
    const token = 'ab'.repeat(32);
    return {
      provider: new Apns({
        server: { origin: fake.origin, ca: fake.ca, proxy },
        key: { ...ids, pem: pemOf(privateKey) },
        topic,
        answerMs,
      }),
      token,
      other: 'cd'.repeat(32),
      malformed: ['', 'xyz', '../../3/device/', 'ab'.repeat(31)],
      shown: (id) => fake.banners.get(`${token} ${id}`)?.payload.aps.alert?.body,
      badge: () => fake.badges.get(token),
      next: (trouble) =>
        fake.misbehaviours.push(
          {
            busy: { status: 429, reason: 'TooManyRequests', retryAfter: 7 },
            failing: { status: 503, reason: 'Shutdown' },
            breaks: 'break' as const,
            silent: 'half-open' as const,
          }[trouble],
        ),
      remove: () => fake.misbehaviours.push({ status: 410, reason: 'Unregistered' }),
      refusals: () => fake.refusals,
      stopFake: () => fake.close(),
    };
  },

  fcm: async (answerMs, proxy) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const account = { projectId: 'teamtalk-1', clientEmail: 'push@teamtalk-1.example.com' };
    const fake = await FakeFcm.start({ publicKey, ...account });
    const token = 'cRk4:APA91bExample_device';
    return {
      provider: new Fcm({
        origin: fake.origin,
        account: { ...account, privateKey: pemOf(privateKey), tokenUri: fake.tokenUri },
        ca: fake.ca,
        proxy,
        answerMs,
      }),
      token,
      other: 'cRk4:APA91bExample_other',
      malformed: ['', 'short', 'with blanks in it'],
      shown: (id) => fake.banners.get(`${token} ${id}`)?.notification?.body,
      badge: () => fake.badges.get(token),
      next: (trouble) =>
        fake.misbehaviours.push(
          ...{
            busy: [{ status: 429, error: 'RESOURCE_EXHAUSTED', code: 'QUOTA_EXCEEDED', retryAfter: '7' }],
            failing: [{ status: 503, error: 'UNAVAILABLE', code: 'UNAVAILABLE' }],
            // On a kept-alive connection it is tried once more at once.
            breaks: ['break' as const, 'break' as const],
            silent: ['silence' as const],
          }[trouble],
        ),
      remove: () => fake.misbehaviours.push({ status: 404, error: 'NOT_FOUND', code: 'UNREGISTERED' }),
      refusals: () => fake.refusals,
      stopFake: () => fake.close(),
    };
  },

  webpush: webPushStand('webpush'),
  unifiedpush: webPushStand('unifiedpush'),

  ...vendorStands,
};

function webPushStand(name: 'webpush' | 'unifiedpush') {
  return async (answerMs: number, proxy?: URL): Promise<Stand> => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const fake = await FakeWebPush.start(rawPublicKey(privateKey).toString('base64url'));
    const offCurve = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url');
    const subscription = (keys: object) => JSON.stringify({ endpoint: `${fake.origin}/push/x`, keys });
    return {
      provider: new WebPush({
        name,
        key: { pem: pemOf(privateKey), subject: 'mailto:it@example.com' },
        hosts: [new URL(fake.origin).host],
        ca: fake.ca,
        proxy,
        answerMs,
      }),
      token: fake.subscribe('phone'),
      other: fake.subscribe('other'),
      noBadgeAlone: name === 'webpush',
      malformed: [
        '',
        '{}',
        'null',
        subscription({ p256dh: 'BA', auth: 'AA' }),
        subscription({ p256dh: offCurve, auth: Buffer.alloc(16).toString('base64url') }),
        fake.subscribe('plain').replace('https:', 'http:'),
      ],
      shown: (id) => fake.banners.get(`phone ${id}`)?.body,
      badge: () => fake.badges.get('phone'),
      next: (trouble) =>
        fake.misbehaviours.push(
          ...{
            busy: [{ status: 429, retryAfter: '7' }],
            failing: [{ status: 503 }],
            // On a kept-alive connection it is tried once more at once.
            breaks: ['break' as const, 'break' as const],
            silent: ['silence' as const],
          }[trouble],
        ),
      remove: () => fake.unsubscribe('phone'),
      refusals: () => fake.refusals,
      stopFake: () => fake.close(),
    };
  };
}

/** The public half of a new key, as browsers subscribe with it. */
export const strangersKey = () => createECDH('prime256v1').generateKeys().toString('base64url');
