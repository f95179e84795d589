import { expect, test } from 'vitest';
import { PushPace } from './push-pace.js';

/** Drains a queue of pushes that are all due at once; those sent back return at the given time. */
function drain(count: number, perSecond: number): { seconds: number; asked: number; most: number } {
  const pace = new PushPace(perSecond);
  const due = Array.from({ length: count }, () => 0);
  const sentAt: number[] = [];
  let asked = 0;
  // They return in the order in which they were sent back.
  for (const now of due) {
    asked++;
    const answer = pace.take(now);
    if ('waitMs' in answer) sentAt.push(now + answer.waitMs);
    else due.push(now + answer.afterMs);
  }
  sentAt.sort((a, b) => a - b);
  let most = 0;
  let begin = 0;
  for (const [end, at] of sentAt.entries()) {
    while ((sentAt[begin] as number) <= at - 1_000) begin++;
    most = Math.max(most, end - begin + 1);
  }
  return { seconds: (sentAt.at(-1) as number) / 1_000, asked, most };
}

test('no second exceeds the rate by more than a tenth, and the rate is fully used', () => {
  for (const [count, rate] of [
    [5_000, 1_000],
    [300, 10],
    [50, 1],
  ] as const) {
    const { seconds, most } = drain(count, rate);
    expect(most).toBeLessThanOrEqual(Math.ceil(rate * 1.1) + 1);
    expect(seconds).toBeLessThanOrEqual((count / rate) * 1.1 + 1);
  }
});

test('each push asks only a few times, however many wait', () => {
  expect(drain(20_000, 100).asked).toBeLessThan(3 * 20_000);
});

test('pushes slower than the rate do not wait', () => {
  const pace = new PushPace(100);
  for (let now = 0; now < 10_000; now += 20) expect(pace.take(now)).toEqual({ waitMs: 0 });
});
