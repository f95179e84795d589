import { expect, it } from 'vitest';
import { KeyedPace } from './keyed-pace.js';

const pace = { perSecond: 2, burst: 3 };

it('allows a burst, then the rate, for each key separately', () => {
  const limit = new KeyedPace();
  const happens = (key: string, now: number) => {
    const ms = limit.waitMs(key, pace, now);
    if (ms === 0) limit.take(key, pace, now);
    return ms;
  };
  expect([1, 2, 3, 4].map(() => happens('a', 1_000))).toEqual([0, 0, 0, 500]);
  expect(happens('b', 1_000)).toBe(0);
  expect(happens('a', 1_400)).toBe(100);
  expect(happens('a', 1_500)).toBe(0);
  expect(happens('a', 1_500)).toBe(500);
});

it('can give back an event that should not count', () => {
  const limit = new KeyedPace();
  for (let i = 0; i < 3; i++) limit.take('a', pace, 1_000);
  expect(limit.waitMs('a', pace, 1_000)).toBe(500);
  limit.giveBack('a', pace);
  expect(limit.waitMs('a', pace, 1_000)).toBe(0);
  limit.giveBack('b', pace);
  expect(limit.size).toBe(1);
});

it('forgets keys whose budget is full again', () => {
  const limit = new KeyedPace();
  for (let i = 0; i < 5_000; i++) limit.take(`key ${i}`, pace, i * 1_000);
  expect(limit.size).toBeLessThan(2_000);
});
