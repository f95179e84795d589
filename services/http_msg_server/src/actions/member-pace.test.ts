import { describe, expect, it } from 'vitest';
import { MemberPace } from './member-pace.js';

async function timed(work: Promise<boolean>): Promise<{ isTurn: boolean; ms: number }> {
  const begin = performance.now();
  const isTurn = await work;
  return { isTurn, ms: performance.now() - begin };
}

describe('MemberPace', () => {
  it('lets a caller go beyond its budget once, then wait, and others not', async () => {
    const pace = new MemberPace(10_000, 1_000);
    expect((await timed(pace.turn('a', 5_000))).ms).toBeLessThan(200);
    const [next, other] = [timed(pace.turn('a', 1)), timed(pace.turn('b', 1))];
    expect((await other).ms).toBeLessThan(200);
    const { isTurn, ms } = await next;
    expect(isTurn).toBe(true);
    expect(ms).toBeGreaterThan(150);
  });

  it('refuses what would wait for more than 3 s, and does not charge it', async () => {
    const pace = new MemberPace(1_000, 1_000);
    expect(await pace.turn('a', 3_900)).toBe(true);
    pace.notifies('a', 1_000);
    expect(await pace.turn('a', 1_000_000)).toBe(false);
    expect(await pace.turn('a', 1_000_000)).toBe(false);
    expect((await timed(pace.turn('b', 1))).isTurn).toBe(true);
  });

  it('forgets callers whose budget is full again, and remembers nobody without a limit', async () => {
    const pace = new MemberPace(1_000_000, 1);
    for (let i = 0; i < 5_000; i++) await pace.turn(`caller ${i}`, 1);
    expect(pace.size).toBeLessThan(4_000);
    const unlimited = new MemberPace(0, 1);
    expect(await unlimited.turn('a', 10 ** 9)).toBe(true);
    expect(await unlimited.turn('a', 10 ** 9)).toBe(true);
    expect(unlimited.size).toBe(0);
  });
});
