import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { signedToken } from '../providers/jwt.js';
import { rawPublicKey } from '../providers/web-push/p256.js';
import { Vapid } from '../providers/web-push/vapid.js';
import { SenderCheck } from './sender-check.js';

const origin = 'https://push.example.com';
const now = 1_800_000_000_000;
const seconds = now / 1_000;
const right = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = rawPublicKey(right.privateKey).toString('base64url');
const check = new SenderCheck({ senders: [publicKey], origin, now: () => now });

const tokenOf = (claims: object, { privateKey } = right) => signedToken({ typ: 'JWT' }, claims, privateKey);
const headerOf = (token: string, key = publicKey) => `vapid t=${token}, k=${key}`;
const good = { aud: origin, exp: seconds + 3_600, sub: 'mailto:it@example.com' };

test('a token as this installation sends it to other push services is accepted', () => {
  const pem = right.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const vapid = new Vapid(pem, 'mailto:it@example.com', () => now);
  expect(check.refusal(vapid.authorization(new URL(`${origin}/upAAAAAAAAAAAA?up=1`)))).toBeUndefined();
});

test('the parameters may be in any order', () => {
  expect(check.refusal(`VAPID k=${publicKey},t=${tokenOf(good)}`)).toBeUndefined();
});

test.each([
  ['no token', undefined, 401],
  ['a password', 'Basic YTpi', 401],
  ['no parameters', 'vapid x', 403],
  ['for another push service', headerOf(tokenOf({ ...good, aud: 'https://push.example.org' })), 403],
  ['expired', headerOf(tokenOf({ ...good, exp: seconds - 120 })), 403],
  ['valid for too long', headerOf(tokenOf({ ...good, exp: seconds + 90_000 })), 403],
  ['without an expiry', headerOf(tokenOf({ aud: origin })), 403],
  ['signed by another key', headerOf(tokenOf(good, other)), 403],
  [
    'of an unknown sender',
    headerOf(tokenOf(good, other), rawPublicKey(other.privateKey).toString('base64url')),
    403,
  ],
  [
    'changed',
    headerOf(tokenOf(good).replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`)),
    403,
  ],
  ['no token of three parts', headerOf('a.b'), 403],
  ['not signed', headerOf(`${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`), 403],
])('%s', (_, authorization, refusal) => {
  expect(check.refusal(authorization)).toBe(refusal);
});
