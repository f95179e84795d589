import { describe, expect, it } from 'vitest';
import { FramingError, type FramingErrorReason, PduDecoder } from './decoder.js';
import { HEADER_LENGTH, writeHeader } from './header.js';
import { encodeRawPdu, type Pdu } from './pdu.js';

const LIMIT = 1000;
const first = encodeRawPdu(0x0301, Buffer.from('first'), 1);
const second = encodeRawPdu(0x0701, Buffer.alloc(0), 2);
const third = encodeRawPdu(0x0302, Buffer.from('third'), 3);

function take(decoder: PduDecoder, chunk?: Buffer): Pdu[] {
  if (chunk) decoder.push(chunk);
  const pdus: Pdu[] = [];
  for (let pdu = decoder.next(); pdu; pdu = decoder.next()) pdus.push(pdu);
  return pdus;
}

function lengthField(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function framingError(decoder: PduDecoder): FramingError {
  try {
    decoder.next();
  } catch (error) {
    if (error instanceof FramingError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('whole PDUs', () => {
  it('are returned with the fields of their headers', () => {
    const pdus = take(new PduDecoder(LIMIT), Buffer.concat([first, second]));
    expect(pdus).toEqual([
      { serviceId: 3, commandId: 0x0301, seqNum: 1, body: Buffer.from('first') },
      { serviceId: 7, commandId: 0x0701, seqNum: 2, body: Buffer.alloc(0) },
    ]);
  });

  it('are not copied', () => {
    const chunk = Buffer.concat([first, third]);
    const pdus = take(new PduDecoder(LIMIT), chunk);
    chunk.fill('z');
    expect(pdus.map(({ body }) => body.toString())).toEqual(['zzzzz', 'zzzzz']);
  });

  it('include their frames on request, fragmented or not', () => {
    const decoder = new PduDecoder(LIMIT);
    decoder.push(Buffer.concat([first, third.subarray(0, 18)]));
    expect(decoder.nextFrame()).toEqual({ ...take(new PduDecoder(LIMIT), first)[0], frame: first });
    expect(decoder.nextFrame()).toBeUndefined();
    decoder.push(third.subarray(18));
    expect(decoder.nextFrame()).toMatchObject({ commandId: 0x0302, seqNum: 3, frame: third });
  });

  it('survive the reuse of a borrowed chunk', () => {
    const decoder = new PduDecoder(LIMIT);
    const chunk = Buffer.concat([first, second, third.subarray(0, 20)]);
    decoder.push(chunk);
    decoder.next();
    decoder.letGo();
    chunk.fill('z');
    expect(take(decoder)).toMatchObject([{ commandId: 0x0701, seqNum: 2 }]);
    expect(take(decoder, third.subarray(20))).toMatchObject([{ body: Buffer.from('third') }]);
    expect(decoder.pendingBytes).toBe(0);
  });

  it('may have any version, flag and reserved', () => {
    const pdu = Buffer.from(first);
    const header = { length: pdu.length, commandId: 0x0301, seqNum: 1 };
    writeHeader(pdu, { ...header, version: 0xffff, flag: 0xffff, serviceId: 3, reserved: 0xffff });
    expect(take(new PduDecoder(LIMIT), pdu)).toMatchObject([{ commandId: 0x0301, seqNum: 1 }]);
  });

  it('keep the service id they were received with', () => {
    const pdu = Buffer.from(first);
    writeHeader(pdu, { length: pdu.length, serviceId: 0x0901, commandId: 0x0301, seqNum: 1 });
    expect(take(new PduDecoder(LIMIT), pdu)).toMatchObject([{ serviceId: 0x0901, commandId: 0x0301 }]);
  });
});

describe('fragmented PDUs', () => {
  it('are returned with their last byte', () => {
    const decoder = new PduDecoder(LIMIT);
    for (let i = 0; i < first.length - 1; i++) {
      expect(take(decoder, first.subarray(i, i + 1))).toEqual([]);
      expect(decoder.pendingBytes).toBe(i + 1);
    }
    expect(take(decoder, first.subarray(-1))).toMatchObject([{ seqNum: 1, body: Buffer.from('first') }]);
    expect(decoder.pendingBytes).toBe(0);
  });

  it('may be followed by others in the same chunk', () => {
    const decoder = new PduDecoder(LIMIT);
    expect(take(decoder, first.subarray(0, 18))).toEqual([]);
    const rest = Buffer.concat([first.subarray(18), second, third.subarray(0, 2)]);
    expect(take(decoder, rest).map(({ seqNum }) => seqNum)).toEqual([1, 2]);
    expect(decoder.pendingBytes).toBe(2);
    expect(take(decoder, third.subarray(2)).map(({ seqNum }) => seqNum)).toEqual([3]);
  });

  it('do not share memory with the chunk', () => {
    const decoder = new PduDecoder(LIMIT);
    const chunk = Buffer.from(first.subarray(0, 19));
    take(decoder, chunk);
    chunk.fill(0xff);
    expect(take(decoder, first.subarray(19))).toMatchObject([{ body: Buffer.from('first') }]);
  });
});

describe('a pause', () => {
  it('is possible after any PDU; the rest is taken later', () => {
    const decoder = new PduDecoder(LIMIT);
    decoder.push(Buffer.concat([first, second, third]));
    expect(decoder.next()?.seqNum).toBe(1);
    expect(decoder.pendingBytes).toBe(second.length + third.length);
    expect(take(decoder).map(({ seqNum }) => seqNum)).toEqual([2, 3]);
    expect(decoder.next()).toBeUndefined();
  });

  it('loses nothing when more is pushed during it', () => {
    const decoder = new PduDecoder(LIMIT);
    decoder.push(Buffer.concat([first, second.subarray(0, 3)]));
    decoder.push(second.subarray(3, 10));
    expect(decoder.next()?.seqNum).toBe(1);
    decoder.push(Buffer.concat([second.subarray(10), third]));
    decoder.push(first);
    expect(take(decoder).map(({ seqNum }) => seqNum)).toEqual([2, 3, 1]);
  });
});

describe('the length', () => {
  const cases: [number, FramingErrorReason][] = [
    [0, 'length-below-header'],
    [15, 'length-below-header'],
    [LIMIT + 1, 'length-above-limit'],
    [0x80000000, 'length-above-limit'],
    [0xffffffff, 'length-above-limit'],
  ];

  it.each(cases)('%i is refused as soon as it is received', (length, reason) => {
    const decoder = new PduDecoder(LIMIT);
    const field = lengthField(length);
    expect(take(decoder, Buffer.concat([first, field.subarray(0, 3)]))).toHaveLength(1);
    decoder.push(field.subarray(3));
    expect(framingError(decoder)).toMatchObject({ name: 'FramingError', reason, length, limit: LIMIT });
  });

  it.each([HEADER_LENGTH, LIMIT])('%i is accepted', (length) => {
    const pdu = encodeRawPdu(0x0301, Buffer.alloc(length - HEADER_LENGTH, 7), 9);
    const [decoded] = take(new PduDecoder(LIMIT), pdu);
    expect(decoded?.body.length).toBe(length - HEADER_LENGTH);
  });

  it('is checked after the PDUs before it were returned', () => {
    const decoder = new PduDecoder(LIMIT);
    decoder.push(Buffer.concat([first, second, lengthField(5)]));
    expect(decoder.next()?.seqNum).toBe(1);
    expect(decoder.next()?.seqNum).toBe(2);
    expect(framingError(decoder).length).toBe(5);
  });

  it('once refused, ends the stream', () => {
    const decoder = new PduDecoder(LIMIT);
    decoder.push(Buffer.concat([lengthField(5), first]));
    const error = framingError(decoder);
    expect(decoder.pendingBytes).toBe(0);
    decoder.push(first);
    expect(decoder.pendingBytes).toBe(0);
    expect(framingError(decoder)).toBe(error);
  });
});

it.each([0, 15, 16.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('a limit of %d is refused', (limit) => {
  expect(() => new PduDecoder(limit)).toThrow(RangeError);
});
