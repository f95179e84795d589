import fc from 'fast-check';
import { expect, it } from 'vitest';
import { md5Hex as inBrowsers } from './md5.browser.js';
import { md5Hex } from './md5.js';

it('agrees with Node’s MD5 for texts of any length', () => {
  for (let length = 0; length < 200; length++) {
    expect(inBrowsers('x'.repeat(length))).toBe(md5Hex('x'.repeat(length)));
  }
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => inBrowsers(text) === md5Hex(text)));
});
