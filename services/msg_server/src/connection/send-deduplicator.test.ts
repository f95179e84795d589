import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, SendDeduplicator } from './send-deduplicator.js';

const sent = (requestId: number, horizon = 9) => ({ requestId, horizon });

describe('SendDeduplicator', () => {
  it('finds a message and its outcome by seq_num, session and content', () => {
    const sends = new SendDeduplicator();
    sends.add(7, 20, 111, 1000, sent(70));
    expect(sends.find(7, 20, 111, 1001)).toEqual({ msgId: 0, inDoubt: undefined });
    sends.settle(7, 20, 111, 5, 1000);
    expect(sends.find(7, 20, 111, 1001)).toEqual({ msgId: 5, inDoubt: undefined });
    expect(sends.find(8, 20, 111, 1001)).toBeUndefined();
    expect(sends.find(7, 21, 111, 1001)).toBeUndefined();
    expect(sends.find(7, 20, 112, 1001)).toBeUndefined();
  });

  it('forgets messages that were not stored or are too old', () => {
    const sends = new SendDeduplicator();
    sends.add(1, 20, 111, 1000, sent(70));
    sends.settle(1, 20, 111, 0, 1000);
    expect(sends.find(1, 20, 111, 1001)).toBeUndefined();
    sends.add(2, 20, 111, 1000, sent(70));
    sends.settle(2, 20, 111, 5, 9000);
    expect(sends.find(2, 20, 111, 39_000)).toBeDefined();
    expect(sends.find(2, 20, 111, 39_001)).toBeUndefined();
  });

  it('keeps the request id of a message in doubt for as long as that takes', () => {
    const sends = new SendDeduplicator();
    sends.add(1, 20, 111, 1000, sent(70, 5));
    sends.add(2, 20, 112, 1000, sent(71, 6));
    let now = 1000;
    for (let repetitions = 0; repetitions < 100; repetitions++) {
      sends.settle(1, 20, 111, undefined, now);
      now += 60_000;
      const doubt = sends.find(1, 20, 111, now)?.inDoubt;
      expect(doubt).toEqual({ requestId: 70, horizon: 5 });
      sends.add(1, 20, 111, now, doubt!);
      expect(sends.find(1, 20, 111, now + 9_000)).toEqual({ msgId: 0, inDoubt: undefined });
    }
    sends.settle(1, 20, 111, 5, now);
    expect(sends.find(1, 20, 111, now + 30_000)).toEqual({ msgId: 5, inDoubt: undefined });
    expect(sends.find(1, 20, 111, now + 30_001)).toBeUndefined();
  });

  it('forgets a message in doubt 1024 messages after its last retry', () => {
    const sends = new SendDeduplicator();
    sends.add(1, 20, 111, 1000, sent(70));
    sends.settle(1, 20, 111, undefined, 1000);
    const others = (from: number, count: number) => {
      for (let seq = from; seq < from + count; seq++) sends.add(seq, 20, 111, 1000, sent(seq));
    };
    others(2, 1023);
    const doubt = sends.find(1, 20, 111, 1000)?.inDoubt;
    expect(doubt).toEqual(sent(70));
    sends.add(1, 20, 111, 1000, doubt!);
    others(2000, 1023);
    expect(sends.find(1, 20, 111, 1000)).toBeDefined();
    others(4000, 1);
    expect(sends.find(1, 20, 111, 1000)).toBeUndefined();
  });

  it('works in a process that has run for months, and after a long silence', () => {
    const sends = new SendDeduplicator();
    const day = 86_400_000;
    for (const now of [1000, 60 * day, 120 * day]) {
      sends.add(3, 20, 111, now, sent(70));
      sends.settle(3, 20, 111, 9, now);
      expect(sends.find(3, 20, 111, now + 5000)).toMatchObject({ msgId: 9 });
      expect(sends.find(3, 20, 111, now + 30_001)).toBeUndefined();
    }
  });

  it('remembers the last 256 messages of a busy connection', () => {
    const sends = new SendDeduplicator();
    for (let seq = 1; seq <= 1000; seq++) {
      sends.add(seq, 20, seq, 1000 + seq, sent(70));
      sends.settle(seq, 20, seq, seq + 1, 1000 + seq);
    }
    for (let seq = 745; seq <= 1000; seq++) expect(sends.find(seq, 20, seq, 2001)?.msgId).toBe(seq + 1);
    expect(sends.find(744, 20, 744, 2001)).toBeUndefined();
  });

  it('finds the same as an exhaustive search, however a client numbers its messages', () => {
    const numbering = fc.oneof(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 700 }),
      // counts up, and begins again after 65,535
      fc
        .tuple(fc.integer({ min: 65_000, max: 65_535 }), fc.integer({ min: 1, max: 900 }))
        .map(([from, n]) => Array.from({ length: n }, (_, i) => ((from + i - 1) % 65_535) + 1)),
    );
    fc.assert(
      fc.property(numbering, fc.integer({ min: 1, max: 400 }), (seqNums, stepMs) => {
        const sends = new SendDeduplicator();
        const all: { seq: number; at: number }[] = [];
        seqNums.forEach((seq, i) => {
          const now = 1000 + i * stepMs;
          const live = all.slice(-8).filter(({ at }) => now - at <= 30_000);
          for (const { seq: earlier } of live) expect(sends.find(earlier, 20, 111, now)).toBeDefined();
          if (!all.some((each) => each.seq === seq)) expect(sends.find(seq, 20, 111, now)).toBeUndefined();
          sends.add(seq, 20, 111, now, sent(i));
          all.push({ seq, at: now });
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('fingerprintOf', () => {
  it('differs by type, content and length, also at the end of long messages', () => {
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
