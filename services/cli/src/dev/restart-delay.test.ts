import { expect, test } from 'vitest';
import { RestartDelay } from './restart-delay.js';

test('waits longer after each early death, up to 5 s, and forgets after a healthy life', () => {
  let now = 0;
  const delay = new RestartDelay(() => now);
  const liveFor = (ms: number) => {
    delay.started();
    now += ms;
    return delay.died();
  };
  expect([1, 1, 1, 1, 1, 1, 1].map(liveFor)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(liveFor(29_999)).toBe(5_000);
  expect(liveFor(30_000)).toBe(250);
  expect(liveFor(1)).toBe(500);
});
