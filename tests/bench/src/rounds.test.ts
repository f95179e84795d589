import { expect, it } from 'vitest';
import { compareRounds, median } from './rounds.js';

it('compares round by round, so that a slow moment counts for both sides', () => {
  expect(compareRounds([50, 5, 60], [100, 10, 100])).toEqual({ median: 0.5, least: 0.5, most: 0.6 });
});

it.each([
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 2, 9], 3],
])('the median of %j is %d', (figures, middle) => {
  expect(median(figures)).toBe(middle);
});
