import { expect, test } from 'vitest';
import { msUntil } from './follow.js';

const minute = 60_000;

test('the next daily comparison is later today or tomorrow, never now', () => {
  const at = (hours: number, minutes: number, seconds = 0) => new Date(2026, 4, 5, hours, minutes, seconds);
  expect(msUntil(3 * 60 + 30, at(3, 0))).toBe(30 * minute);
  expect(msUntil(3 * 60 + 30, at(3, 30))).toBe(24 * 60 * minute);
  expect(msUntil(3 * 60 + 30, at(3, 30, 1))).toBe(24 * 60 * minute - 1_000);
  expect(msUntil(0, at(23, 59))).toBe(minute);
});
