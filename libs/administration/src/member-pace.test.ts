import { describe, expect, it } from 'vitest';
import { MemberPace } from './member-pace.js';

describe('MemberPace', () => {
  it('lets a caller exceed its budget once, then makes only that caller wait', async () => {
    const pace = new MemberPace(2_000, 1_000);
    const begin = performance.now();
    expect(await pace.turn('a', 3_000)).toBe(true);
    expect(performance.now() - begin).toBeLessThan(1_000);
    const next = pace.turn('a', 1);
    expect(await Promise.race([next.then(() => 'a'), pace.turn('b', 1).then(() => 'b')])).toBe('b');
    expect(await next).toBe(true);
    // 3,000 members take 1.5 s, of which the budget covers 0.5 s; minus 1 ms because timers may fire early.
    expect(performance.now() - begin).toBeGreaterThan(999);
  });

  it('refuses a call that would wait for more than 3 s, without charging it', async () => {
    const pace = new MemberPace(1_000, 1_000);
    expect(await pace.turn('a', 3_900)).toBe(true);
    pace.notifies('a', 1_000);
    expect(await pace.turn('a', 1_000_000)).toBe(false);
    expect(await pace.turn('a', 1_000_000)).toBe(false);
    expect(await pace.turn('b', 1)).toBe(true);
  });

  it('forgets callers whose budget is full again, and tracks nobody when there is no limit', async () => {
    const pace = new MemberPace(1_000_000, 1);
    for (let i = 0; i < 5_000; i++) await pace.turn(`caller ${i}`, 1);
    expect(pace.size).toBeLessThan(4_000);
    const unlimited = new MemberPace(0, 1);
    expect(await unlimited.turn('a', 10 ** 9)).toBe(true);
    expect(await unlimited.turn('a', 10 ** 9)).toBe(true);
    expect(unlimited.size).toBe(0);
  });
});
