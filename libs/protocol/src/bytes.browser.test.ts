import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as forBrowsers from './bytes.browser.js';
import * as forNode from './bytes.js';

const same = (one: Uint8Array, other: Buffer) => expect(Buffer.from(one)).toEqual(other);

it('exports everything that bytes.ts does', () => {
  expect(Object.keys(forBrowsers).sort()).toEqual(Object.keys(forNode).sort());
});

it('gives the same results without Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), fc.string({ unit: 'grapheme' }), (a, b, text) => {
      same(forBrowsers.copyOf(a), forNode.copyOf(a));
      same(forBrowsers.joined(a, b), forNode.joined(a, b));
      same(forBrowsers.utf8Bytes(text), forNode.utf8Bytes(text));
      const base64 = forNode.toBase64(Buffer.from(a));
      same(forBrowsers.toBase64(a), base64);
      expect(forBrowsers.asciiText(base64)).toBe(forNode.asciiText(base64));
      same(forBrowsers.fromBase64(base64.toString()), Buffer.from(a));
    }),
  );
});

it('copies, so that a change of the original does not show', () => {
  const bytes = new Uint8Array([1]);
  const copy = forBrowsers.copyOf(bytes);
  bytes[0] = 2;
  expect([...copy, ...forBrowsers.zeros(2)]).toEqual([1, 0, 0]);
});
