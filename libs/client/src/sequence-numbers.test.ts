import { describe, expect, it } from 'vitest';
import { MAX_SEQ_NUM, SequenceNumbers } from './sequence-numbers.js';

describe('SequenceNumbers', () => {
  it('counts from 1 to 65535 and wraps to 1', () => {
    const numbers = new SequenceNumbers();
    const none = new Set<number>();
    const drawn = Array.from({ length: MAX_SEQ_NUM }, () => numbers.next(none));
    expect(drawn.every((seqNum, index) => seqNum === index + 1)).toBe(true);
    expect(numbers.next(none)).toBe(1);
  });

  it('skips numbers in flight, across the wrap as well', () => {
    const numbers = new SequenceNumbers();
    const inFlight = new Set([1, 2, 4, MAX_SEQ_NUM]);
    expect(numbers.next(inFlight)).toBe(3);
    expect(numbers.next(inFlight)).toBe(5);
    for (let i = 6; i < MAX_SEQ_NUM; i++) numbers.next(inFlight);
    expect(numbers.next(inFlight)).toBe(3);
  });
});
