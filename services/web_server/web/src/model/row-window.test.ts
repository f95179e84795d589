import { describe, expect, it } from 'vitest';
import { heightBelow, partsOf, RowHeights } from './row-window.js';

const rows = Array.from({ length: 10 }, (_, i) => ({ key: `r${i}` }));
const heights = new RowHeights();
for (const { key } of rows) heights.set(key, 10);

/** The parts as text: rows by key, gaps by height. */
const drawn = (low: number, high: number, kept: string[] = []) =>
  partsOf(rows, heights, { low, high }, new Set(kept)).map((part) =>
    part.kind === 'row' ? part.key : part.height,
  );

describe('the drawn part of a column', () => {
  it('has the rows that overlap the stretch, counted from the lower end, and gaps for the rest', () => {
    expect(drawn(0, 25)).toEqual([70, 'r7', 'r8', 'r9']);
    expect(drawn(30, 50)).toEqual([50, 'r5', 'r6', 30]);
    expect(drawn(31, 49)).toEqual([50, 'r5', 'r6', 30]);
    expect(drawn(85, 500)).toEqual(['r0', 'r1', 80]);
    expect(drawn(0, 1_000)).toEqual(rows.map(({ key }) => key));
  });

  it('has the same total height as the whole column', () => {
    for (let low = -50; low < 150; low += 7) {
      const parts = partsOf(rows, heights, { low, high: low + 33 }, new Set());
      const total = parts.reduce((sum, part) => sum + (part.kind === 'row' ? 10 : part.height), 0);
      expect(total, `from ${low}`).toBe(100);
      expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length);
    }
  });

  it('includes kept rows wherever they are', () => {
    expect(drawn(0, 10, ['r2', 'r3', 'r6'])).toEqual([20, 'r2', 'r3', 20, 'r6', 20, 'r9']);
    expect(drawn(90, 100, ['r9'])).toEqual(['r0', 80, 'r9']);
  });

  it('is empty without rows', () => {
    expect(partsOf([], heights, { low: 0, high: 100 }, new Set())).toEqual([]);
  });
});

describe('heights', () => {
  it('of unmeasured rows are the mean of the measured ones', () => {
    const some = new RowHeights();
    expect(some.set('a', 10)).toBe(true);
    expect(some.set('b', 30)).toBe(true);
    expect(some.set('b', 30.2)).toBe(false);
    expect(some.set('b', 50)).toBe(true);
    expect([some.of('a'), some.of('b'), some.of('c')]).toEqual([10, 50, 30]);
  });

  it('of removed rows are forgotten', () => {
    const some = new RowHeights();
    for (let i = 0; i < 1_000; i++) some.set(`old ${i}`, 10);
    some.set('new', 70);
    some.keepOnly([{ key: 'new' }, { key: 'newer' }]);
    expect(some.mean).toBe(70);
  });
});

it('tells how far down a row is', () => {
  expect([heightBelow(rows, heights, 'r9'), heightBelow(rows, heights, 'r0')]).toEqual([0, 90]);
  expect(heightBelow(rows, heights, 'r10')).toBeUndefined();
});
