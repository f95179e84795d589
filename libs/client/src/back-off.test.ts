import { expect, it } from 'vitest';
import { backOffDelay } from './back-off.js';

const backOff = { firstMs: 200, maxMs: 5_000 };

it('doubles up to the maximum', () => {
  const most = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backOffDelay(backOff, attempt, () => 1));
  expect(most).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

it('is random within the upper half', () => {
  expect(backOffDelay(backOff, 2, () => 0)).toBe(400);
  expect(backOffDelay(backOff, 2, () => 0.5)).toBe(600);
});
