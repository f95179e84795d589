import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBlockCipher as forBrowsers } from './block-cipher.browser.js';
import { createBlockCipher } from './block-cipher.js';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const blocks = fc.integer({ min: 1, max: 5 }).chain((count) => {
  return fc.uint8Array({ minLength: 16 * count, maxLength: 16 * count });
});

it('encrypts the example of FIPS 197', () => {
  const cipher = forBrowsers(Buffer.from([...Array(32).keys()]));
  const plain = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const encrypted = cipher.encrypt(plain);
  expect(Buffer.from(encrypted).toString('hex')).toBe('8ea2b7ca516745bfeafc49904b496089');
  expect(Buffer.from(cipher.decrypt(encrypted))).toEqual(plain);
});

it('agrees with Node’s cipher for any key', () => {
  fc.assert(
    fc.property(key, blocks, (anyKey, plain) => {
      const [one, other] = [forBrowsers(anyKey), createBlockCipher(anyKey)];
      const encrypted = other.encrypt(plain);
      expect(Buffer.from(one.encrypt(plain))).toEqual(encrypted);
      expect(Buffer.from(one.decrypt(encrypted))).toEqual(Buffer.from(plain));
    }),
  );
});
