import { afterEach, expect, it, vi } from 'vitest';
import { receivedNow, secondsSince } from './received-at.js';

afterEach(() => vi.useRealTimers());

const at = (ms: number) => vi.useFakeTimers({ now: ms });

it('tells the age of a message with a 32-bit number', () => {
  at(1_764_064_800_123);
  const taken = receivedNow();
  expect(taken).toBeLessThan(2 ** 32);
  expect(secondsSince(taken)).toBe(0);
  at(1_764_064_802_623);
  expect(secondsSince(taken)).toBe(2.5);
});

it('tells it when the number has wrapped around meanwhile', () => {
  at(411 * 2 ** 32 - 100);
  const taken = receivedNow();
  at(411 * 2 ** 32);
  expect(receivedNow()).toBe(1);
  expect(secondsSince(taken)).toBe(0.1);
});

it('is 0, never negative, when the other clock is ahead', () => {
  at(1_764_064_800_123);
  const taken = receivedNow();
  at(1_764_064_800_100);
  expect(secondsSince(taken)).toBe(0);
});
