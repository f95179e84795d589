import { expect, test } from 'vitest';
import { teamtalk } from '../gen/bus.js';
import { encode } from './encode.js';

const { NotifyUsers } = teamtalk.bus;

test.each([0, 100, 100_000, 3_000_000, 50])(
  'encoded bytes stay intact after encoding %d more bytes',
  (length) => {
    const first = { userIds: [1, 300], pdu: Buffer.alloc(1000, 1) };
    const second = { userIds: [7], pdu: Buffer.alloc(length, 2) };
    const [one, two] = [encode(NotifyUsers, first), encode(NotifyUsers, second)];
    expect(Buffer.compare(one, NotifyUsers.encode(first).finish())).toBe(0);
    expect(Buffer.compare(two, NotifyUsers.encode(second).finish())).toBe(0);
  },
);

test('a failed encoding leaves nothing in the shared buffer', () => {
  const broken = { userIds: [1], pdu: Buffer.from('x'), clientClass: 1, exceptInstance: { valueOf: thrown } };
  expect(() => encode(NotifyUsers, broken as unknown as teamtalk.bus.NotifyUsers.$Properties)).toThrow('no');
  expect(NotifyUsers.decode(encode(NotifyUsers, { userIds: [5] })).userIds).toEqual([5]);
});

function thrown(): never {
  throw new Error('no');
}
