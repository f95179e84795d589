import { proxyHeader } from '@teamtalk/local-stack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProxyHeader, ProxyHeaderError, ProxyHeaderParser } from './proxy-header.js';

const pdu = Buffer.from('0000001000010000000707010005 0000'.replace(' ', ''), 'hex');

function parse(bytes: Buffer): ProxyHeader | undefined {
  return new ProxyHeaderParser().push(bytes);
}

function reasonOf(bytes: Buffer): string | undefined {
  try {
    parse(bytes);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ProxyHeaderError);
    return (error as ProxyHeaderError).reason;
  }
}

describe('ProxyHeaderParser', () => {
  it('gives the address of a client by IPv4', () => {
    // Written by hand, byte by byte.
    const bytes = Buffer.from(
      '0d0a0d0a000d0a515549540a 21 11 000c cb007107 0a000001 d431 1f40'.replaceAll(' ', ''),
      'hex',
    );
    expect(parse(Buffer.concat([bytes, pdu]))).toEqual({ address: '203.0.113.7', rest: pdu });
    expect(proxyHeader('203.0.113.7')).toEqual(bytes);
  });

  it.each([
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80:0:0:1:0:0:0:0', 'fe80:0:0:1::'],
    ['0:0:0:0:0:ffff:102:304', '1.2.3.4'],
  ])('gives the address %s as %s', (given, shown) => {
    expect(parse(proxyHeader(given))?.address).toBe(shown);
  });

  it('skips TLVs', () => {
    const header = proxyHeader('203.0.113.7', { tlvs: Buffer.alloc(1_000, 4) });
    expect(parse(Buffer.concat([header, pdu]))).toEqual({ address: '203.0.113.7', rest: pdu });
  });

  it.each([
    [
      'LOCAL, without anything',
      proxyHeader('203.0.113.7', { command: 0x20, family: 0, block: Buffer.alloc(0) }),
    ],
    [
      'LOCAL, with an address and a family nobody knows',
      proxyHeader('203.0.113.7', { command: 0x20, family: 0x77 }),
    ],
    ['PROXY of an unknown family', proxyHeader('203.0.113.7', { family: 0, block: Buffer.alloc(0) })],
    ['PROXY of a Unix socket', proxyHeader('203.0.113.7', { family: 0x31, block: Buffer.alloc(216, 'x') })],
  ])('tells no address for %s', (_, header) => {
    expect(parse(Buffer.concat([header, pdu]))).toEqual({ address: undefined, rest: pdu });
  });

  it.each([
    ['no-header', pdu],
    ['no-header', Buffer.from('\r\n\r\n\0\r\nQUIX')],
    ['no-header', Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 54321 8000\r\n')],
    ['version', proxyHeader('203.0.113.7', { command: 0x11 })],
    ['version', proxyHeader('203.0.113.7', { command: 0x22 })],
    ['family', proxyHeader('203.0.113.7', { family: 0x12 })],
    ['family', proxyHeader('203.0.113.7', { family: 0x41 })],
    ['length', proxyHeader('203.0.113.7', { block: Buffer.alloc(11) })],
    ['length', proxyHeader('2001:db8:0:0:0:0:0:1', { block: Buffer.alloc(35) })],
    ['length', proxyHeader('203.0.113.7', { tlvs: Buffer.alloc(2_048) })],
  ])('refuses for the reason %s', (reason, bytes) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  it('refuses at the first wrong byte', () => {
    expect(reasonOf(Buffer.from('G'))).toBe('no-header');
    expect(reasonOf(Buffer.from('\r\nG'))).toBe('no-header');
  });
});

const block = fc.record({
  command: fc.constantFrom(0x20, 0x21),
  family: fc.constantFrom(0x00, 0x11, 0x21, 0x31),
  tlvs: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
});

const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 700 })), {
  minLength: 1,
  maxLength: 20,
});

function inPieces(bytes: Buffer, sizes: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** What a parser makes of pieces: the header, with the rest joined to what it was not given any more. */
function outcome(pieces: Buffer[]): unknown {
  const parser = new ProxyHeaderParser();
  for (const [i, piece] of pieces.entries()) {
    let header: ProxyHeader | undefined;
    try {
      header = parser.push(piece);
    } catch (error) {
      return (error as ProxyHeaderError).reason;
    }
    if (header) {
      return { ...header, rest: Buffer.concat([header.rest, ...pieces.slice(i + 1)]).toString('hex') };
    }
  }
  return 'more';
}

it('any split of a header and what follows yields the same address and rest', () => {
  fc.assert(
    fc.property(block, fc.uint8Array({ maxLength: 300 }), cuts, ({ command, family, tlvs }, rest, sizes) => {
      const lengths: Record<number, number> = { 0: 0, 17: 12, 33: 36, 49: 216 };
      const addresses = Buffer.alloc(lengths[family]!, 7);
      const header = proxyHeader('203.0.113.7', { command, family, block: addresses, tlvs });
      const bytes = Buffer.concat([header, rest]);
      const split = outcome(inPieces(bytes, sizes));
      expect(split).toEqual(outcome([bytes]));
      expect(split).toMatchObject({ rest: Buffer.from(rest).toString('hex') });
    }),
  );
});

it('any split of a damaged header has the same outcome', () => {
  fc.assert(
    fc.property(block, fc.nat(15), fc.nat(255), cuts, ({ command, tlvs }, at, value, sizes) => {
      const bytes = proxyHeader('203.0.113.7', { command, tlvs });
      bytes[at] = value;
      expect(outcome(inPieces(bytes, sizes))).toEqual(outcome([bytes]));
    }),
  );
});
