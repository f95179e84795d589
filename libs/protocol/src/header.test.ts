import { describe, expect, it } from 'vitest';
import { HEADER_LENGTH, type PduHeader, readHeader, writeHeader } from './header.js';

const golden: [string, string, PduHeader][] = [
  [
    'a heartbeat',
    '00000010 0001 0000 0007 0701 0000 0000',
    { length: 16, version: 1, flag: 0, serviceId: 7, commandId: 0x0701, seqNum: 0, reserved: 0 },
  ],
  [
    'different bytes everywhere',
    '01020304 0506 0708 090a 0b0c 0d0e 0f10',
    {
      length: 0x01020304,
      version: 0x0506,
      flag: 0x0708,
      serviceId: 0x090a,
      commandId: 0x0b0c,
      seqNum: 0x0d0e,
      reserved: 0x0f10,
    },
  ],
  [
    'all bits set',
    'ffffffff ffff ffff ffff ffff ffff ffff',
    {
      length: 0xffffffff,
      version: 0xffff,
      flag: 0xffff,
      serviceId: 0xffff,
      commandId: 0xffff,
      seqNum: 0xffff,
      reserved: 0xffff,
    },
  ],
];
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe.each(golden)('the header of %s', (_name, hex, header) => {
  it('is read, at any offset', () => {
    expect(readHeader(bytes(hex))).toEqual(header);
    expect(readHeader(Buffer.concat([bytes('aabbcc'), bytes(hex), bytes('dd')]), 3)).toEqual(header);
  });

  it('is written without touching the bytes around it', () => {
    const buf = Buffer.alloc(HEADER_LENGTH + 4, 0xaa);
    writeHeader(buf, header, 2);
    expect(buf.toString('hex')).toBe(`aaaa${bytes(hex).toString('hex')}aaaa`);
  });
});

it('defaults to what servers send', () => {
  const buf = Buffer.alloc(HEADER_LENGTH, 0xaa);
  writeHeader(buf, { length: 300, commandId: 0x0302, seqNum: 5 });
  expect(readHeader(buf)).toEqual({
    length: 300,
    version: 1,
    flag: 0,
    serviceId: 3,
    commandId: 0x0302,
    seqNum: 5,
    reserved: 0,
  });
});

it('truncates a sequence number to 16 bits', () => {
  const buf = Buffer.alloc(HEADER_LENGTH);
  writeHeader(buf, { length: 16, commandId: 0x0701, seqNum: 0x12345 });
  expect(readHeader(buf).seqNum).toBe(0x2345);
});

it('refuses fewer than 16 bytes', () => {
  const short = Buffer.alloc(15);
  expect(() => readHeader(short)).toThrow(RangeError);
  expect(() => readHeader(Buffer.alloc(20), 5)).toThrow(RangeError);
  expect(() => readHeader(Buffer.alloc(20), -1)).toThrow(RangeError);
  expect(() => writeHeader(short, { length: 16, commandId: 1, seqNum: 0 })).toThrow(RangeError);
});
