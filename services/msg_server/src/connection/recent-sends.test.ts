import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, RecentSends } from './recent-sends.js';

describe('RecentSends', () => {
  it('finds a message by its seq_num, session and content, with what became of it', () => {
    const sends = new RecentSends();
    sends.add(7, 20, 111, 1000, 70);
    expect(sends.find(7, 20, 111, 1001)).toEqual({ msgId: 0, inDoubt: undefined });
    sends.settle(7, 20, 111, 5);
    expect(sends.find(7, 20, 111, 1001)).toEqual({ msgId: 5, inDoubt: undefined });
    expect(sends.find(8, 20, 111, 1001)).toBeUndefined();
    expect(sends.find(7, 21, 111, 1001)).toBeUndefined();
    expect(sends.find(7, 20, 112, 1001)).toBeUndefined();
  });

  it('forgets a message that was not stored, and one that is old', () => {
    const sends = new RecentSends();
    sends.add(1, 20, 111, 1000, 70);
    sends.settle(1, 20, 111, 0);
    expect(sends.find(1, 20, 111, 1001)).toBeUndefined();
    sends.add(2, 20, 111, 1000, 70);
    expect(sends.find(2, 20, 111, 31_000)).toBeDefined();
    expect(sends.find(2, 20, 111, 31_001)).toBeUndefined();
  });

  it('keeps the ticket of a message of which nobody knows whether it is stored', () => {
    const sends = new RecentSends();
    sends.add(1, 20, 111, 1000, 70);
    sends.add(2, 20, 112, 1000, 71);
    sends.settle(1, 20, 111, undefined);
    expect(sends.find(1, 20, 111, 1001)).toEqual({ msgId: 0, inDoubt: 70 });
    sends.reopen(1, 20, 111);
    expect(sends.find(1, 20, 111, 1001)).toEqual({ msgId: 0, inDoubt: undefined });
    sends.settle(1, 20, 111, 5);
    expect(sends.find(1, 20, 111, 1001)).toEqual({ msgId: 5, inDoubt: undefined });
  });

  it('works on a process that has run for months, and after a long silence', () => {
    const sends = new RecentSends();
    const day = 86_400_000;
    for (const now of [1000, 60 * day, 120 * day]) {
      sends.add(3, 20, 111, now, 70);
      sends.settle(3, 20, 111, 9);
      expect(sends.find(3, 20, 111, now + 5000)).toMatchObject({ msgId: 9 });
      expect(sends.find(3, 20, 111, now + 30_001)).toBeUndefined();
    }
  });

  it('remembers the last 256 of a connection that sends much', () => {
    const sends = new RecentSends();
    for (let seq = 1; seq <= 1000; seq++) {
      sends.add(seq, 20, seq, 1000 + seq, 70);
      sends.settle(seq, 20, seq, seq + 1);
    }
    for (let seq = 745; seq <= 1000; seq++) expect(sends.find(seq, 20, seq, 2001)?.msgId).toBe(seq + 1);
    expect(sends.find(744, 20, 744, 2001)).toBeUndefined();
  });

  it('finds as a search of everything would, however a client numbers its messages', () => {
    const numbering = fc.oneof(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 700 }),
      // counts up, and begins again after 65,535
      fc
        .tuple(fc.integer({ min: 65_000, max: 65_535 }), fc.integer({ min: 1, max: 900 }))
        .map(([from, n]) => Array.from({ length: n }, (_, i) => ((from + i - 1) % 65_535) + 1)),
    );
    fc.assert(
      fc.property(numbering, fc.integer({ min: 1, max: 400 }), (seqNums, stepMs) => {
        const sends = new RecentSends();
        const all: { seq: number; at: number }[] = [];
        seqNums.forEach((seq, i) => {
          const now = 1000 + i * stepMs;
          const kept = all.slice(-8).filter(({ at }) => now - at <= 30_000);
          for (const { seq: earlier } of kept) expect(sends.find(earlier, 20, 111, now)).toBeDefined();
          if (!all.some((each) => each.seq === seq)) expect(sends.find(seq, 20, 111, now)).toBeUndefined();
          sends.add(seq, 20, 111, now, i);
          all.push({ seq, at: now });
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('fingerprintOf', () => {
  it('tells type, content and length apart, at the end of long messages too', () => {
    const long = Buffer.alloc(300_000, 1);
    const otherEnd = Buffer.from(long);
    otherEnd[299_999] = 2;
    const prints = [
      fingerprintOf(1, Buffer.from('a')),
      fingerprintOf(1, Buffer.from('b')),
      fingerprintOf(2, Buffer.from('a')),
      fingerprintOf(1, Buffer.from('a\0')),
      fingerprintOf(1, long),
      fingerprintOf(1, otherEnd),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(fingerprintOf(1, Buffer.from('a'))).toBe(prints[0]);
  });
});
