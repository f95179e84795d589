import { expect, test } from 'vitest';
import { Pace } from './pace.js';

/** Duration of a call, milliseconds. */
async function timeOf(what: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await what();
  return performance.now() - begin;
}

function work(ms: number): void {
  const begin = performance.now();
  while (performance.now() - begin < ms);
}

test('a pause covers all work since the last pause, once', async () => {
  const pace = new Pace(25);
  work(10);
  work(10);
  expect(await timeOf(() => pace.rest())).toBeGreaterThanOrEqual(59);
  work(10);
  expect(await timeOf(() => Promise.all([pace.rest(), pace.rest()]))).toBeGreaterThanOrEqual(29);
});

test('short steps are paused for in full, although timers count whole milliseconds', async () => {
  const pace = new Pace(20);
  await pace.rest();
  let workedMs = 0;
  const allMs = await timeOf(async () => {
    for (let step = 0; step < 200; step++) {
      workedMs += await timeOf(async () => work(0.45));
      await pace.rest();
    }
  });
  expect((allMs - workedMs) / workedMs).toBeGreaterThan(3.8);
});

test('there are no pauses at 100 percent', async () => {
  const pace = new Pace(100);
  expect(pace.isLimited).toBe(false);
  work(20);
  let isOver = false;
  void pace.rest().then(() => (isOver = true));
  await Promise.resolve();
  await Promise.resolve();
  expect(isOver).toBe(true);
});

test('waiting does not count as work', async () => {
  const pace = new Pace(10);
  await pace.rest();
  await pace.idle(2_000);
  // If the wait counted as work, the pause would take 18 s.
  expect(await timeOf(() => pace.rest())).toBeLessThan(10_000);
});

test('a pause ends when the limit is lifted', async () => {
  const pace = new Pace(1);
  work(100);
  const pause = pace.rest();
  pace.lift();
  expect(await timeOf(() => pause)).toBeLessThan(9_000);
  expect(pace.isLimited).toBe(false);
});
