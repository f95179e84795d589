import { afterEach, expect, it, vi } from 'vitest';
import { receivedNow, secondsSince } from './received-at.js';

afterEach(() => vi.useRealTimers());

const at = (ms: number) => vi.useFakeTimers({ now: ms });

it('says how long ago a message was taken in, in a number of 32 bits', () => {
  at(1_764_064_800_123);
  const taken = receivedNow();
  expect(taken).toBeLessThan(2 ** 32);
  expect(secondsSince(taken)).toBe(0);
  at(1_764_064_802_623);
  expect(secondsSince(taken)).toBe(2.5);
});

it('does so when the number has come round meanwhile', () => {
  at(411 * 2 ** 32 - 100);
  const taken = receivedNow();
  at(411 * 2 ** 32);
  expect(receivedNow()).toBe(1);
  expect(secondsSince(taken)).toBe(0.1);
});

it('is 0 and not less where the other clock is ahead', () => {
  at(1_764_064_800_123);
  const taken = receivedNow();
  at(1_764_064_800_100);
  expect(secondsSince(taken)).toBe(0);
});
