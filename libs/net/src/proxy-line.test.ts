import { proxyLine } from '@teamtalk/local-stack';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ProxyHeader, ProxyHeaderError } from './proxy-header.js';
import { ProxyLineParser } from './proxy-line.js';

const pdu = Buffer.from('00000010000100000007070100050000', 'hex');

/** The parsed header, the reason of the error, or `more` while it is incomplete. */
function outcome(pieces: readonly Buffer[]): ProxyHeader | string {
  const parser = new ProxyLineParser();
  for (const [i, piece] of pieces.entries()) {
    try {
      const header = parser.push(piece);
      if (header) return { ...header, rest: Buffer.concat([header.rest, ...pieces.slice(i + 1)]) };
    } catch (error) {
      expect(error).toBeInstanceOf(ProxyHeaderError);
      return (error as ProxyHeaderError).reason;
    }
  }
  return 'more';
}

it.each([
  ['PROXY TCP4 203.0.113.7 10.0.0.1 54321 8000', '203.0.113.7'],
  ['PROXY TCP6 2001:db8:0:0:0:0:0:1 ::1 54321 8000', '2001:db8::1'],
  ['PROXY TCP6 ::ffff:1.2.3.4 ::1 54321 8000', '1.2.3.4'],
  ['PROXY UNKNOWN', undefined],
  ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535', undefined],
])('reads from %s the address %s', (line, address) => {
  expect(outcome([Buffer.from(`${line}\r\n`), pdu])).toEqual({ address, rest: pdu });
  expect(outcome([Buffer.concat([Buffer.from(`${line}\r\n`), pdu])])).toEqual({ address, rest: pdu });
});

it.each([
  ['no-header', 'G'],
  ['no-header', 'PROXZ'],
  ['no-header', '\r\n\r\n\0\r\nQUIT\n'],
  ['family', 'PROXY UDP4 203.0.113.7 10.0.0.1 54321 8000\r\n'],
  ['address', 'PROXY TCP4 2001:db8::1 10.0.0.1 54321 8000\r\n'],
  ['address', 'PROXY TCP4 203.0.113.7 10.0.0.1 54321\r\n'],
  ['address', 'PROXY TCP4 203.0.113.7 10.0.0.1 54321 65536\r\n'],
  ['address', 'PROXY TCP4 203.0.113.7 10.0.0.1 54321 8000 \r\n'],
  ['address', 'PROXY TCP4  203.0.113.7 10.0.0.1 54321 8000\r\n'],
  ['length', `PROXY ${'x'.repeat(101)}`],
  ['more', `PROXY ${'x'.repeat(100)}`],
  ['more', 'PROXY TCP4 203.0.113.7 10.0.0.1 54321 8000\r'],
])('%s: %j', (reason, bytes) => {
  expect(outcome([Buffer.from(bytes, 'latin1')])).toBe(reason);
});

it('gives the same result however the bytes are split', () => {
  const bytes = Buffer.concat([proxyLine('203.0.113.7'), pdu]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const pieces: Buffer[] = [];
      for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) {
        pieces.push(bytes.subarray(at, at + sizes[i % sizes.length]!));
      }
      expect(outcome(pieces)).toEqual({ address: '203.0.113.7', rest: pdu });
    }),
  );
});
