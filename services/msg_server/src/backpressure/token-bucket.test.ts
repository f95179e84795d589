import { describe, expect, it } from 'vitest';
import { RateLimit } from './token-bucket.js';

/** How many tokens can be taken at `now`, and the bucket's state afterwards. */
function takeAll(limit: RateLimit, fullAt: number, now: number): { taken: number; fullAt: number } {
  let state = fullAt;
  let taken = 0;
  while (limit.waitFor(state, now) === 0 && taken < 1000) {
    state = limit.take(state, now);
    taken++;
  }
  return { taken, fullAt: state };
}

describe('RateLimit', () => {
  it('allows the burst at once, then nothing until a token is added', () => {
    const limit = new RateLimit(20, 40);
    const { taken, fullAt } = takeAll(limit, 0, 5000);
    expect(taken).toBe(40);
    expect(limit.waitFor(fullAt, 5000)).toBe(50);
    expect(limit.waitFor(fullAt, 5049)).toBe(1);
    expect(limit.waitFor(fullAt, 5050)).toBe(0);
  });

  it('allows the rate in the long run', () => {
    const limit = new RateLimit(20, 40);
    let { fullAt } = takeAll(limit, 0, 0);
    let total = 0;
    for (let now = 0; now <= 10_000; now += 8) {
      const more = takeAll(limit, fullAt, now);
      fullAt = more.fullAt;
      total += more.taken;
    }
    expect(total).toBe(200);
  });

  it('is full again, and not more than full, after a long silence', () => {
    const limit = new RateLimit(10, 5);
    const { fullAt } = takeAll(limit, 0, 1000);
    expect(takeAll(limit, fullAt, 1_000_000).taken).toBe(5);
  });

  it('never requires a wait without a limit', () => {
    const limit = new RateLimit(0, 1);
    expect(limit.unlimited).toBe(true);
    let fullAt = 0;
    for (let i = 0; i < 100; i++) {
      expect(limit.waitFor(fullAt, 1)).toBe(0);
      fullAt = limit.take(fullAt, 1);
    }
  });
});
