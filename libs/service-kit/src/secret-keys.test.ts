import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { SecretKeys } from './secret-keys.js';

const one = randomBytes(32).toString('hex');
const two = randomBytes(32).toString('base64');

test('the first key encrypts, and all keys decrypt', () => {
  const before = new SecretKeys(one).seal('apns', 'a secret: 密');
  const after = new SecretKeys(`${two}, ${one}`);
  expect(after.open('apns', before.bytes)).toBe('a secret: 密');
  const sealed = after.seal('apns', 'another');
  expect(sealed.keyId).toBe(after.firstId);
  expect(new SecretKeys(two).open('apns', sealed.bytes)).toBe('another');
  expect(() => new SecretKeys(one).open('apns', sealed.bytes)).toThrow('none of the keys');
});

test('encrypting a text twice gives different bytes, which do not contain the text', () => {
  const keys = new SecretKeys(one);
  const [a, b] = [keys.seal('fcm', 'secret'), keys.seal('fcm', 'secret')];
  expect(a.bytes.equals(b.bytes)).toBe(false);
  expect(a.bytes.includes('secret')).toBe(false);
});

test('bytes that were changed or cut, or have another name, cannot be decrypted', () => {
  const keys = new SecretKeys(one);
  const { bytes } = keys.seal('fcm', 'secret');
  expect(() => keys.open('apns', bytes)).toThrow('another name');
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] as number) ^ 1;
    expect(() => keys.open('fcm', changed), `byte ${i}`).toThrow();
    expect(() => keys.open('fcm', bytes.subarray(0, i)), `${i} bytes`).toThrow();
  }
  expect(() => keys.open('fcm', Buffer.alloc(0))).toThrow();
});

test.each(['', 'short', `${one},`, randomBytes(31).toString('base64')])(
  '%s is not a list of keys',
  (list) => {
    expect(() => new SecretKeys(list)).toThrow('32 bytes');
  },
);
