import { describe, expect, it } from 'vitest';
import { RequestPace } from './request-pace.js';
import { RateLimit } from './token-bucket.js';
import type { WakeScheduler } from './wake-scheduler.js';

interface Fake {
  userId: number;
  isOpen: boolean;
  advance(): void;
}

const connectionOf = (userId: number): Fake => ({ userId, isOpen: true, advance: () => {} });

function paceOf(perSecond: number, burst: number) {
  const scheduled: { connection: Fake; ms: number }[] = [];
  const scheduler = {
    wake: (connection: Fake, ms: number) => {
      scheduled.push({ connection, ms });
      return true;
    },
  } as unknown as WakeScheduler<Fake>;
  let throttled = 0;
  const pace = new RequestPace<Fake>(new RateLimit(perSecond, burst), scheduler, () => throttled++);
  return { pace, scheduled, throttled: () => throttled };
}

describe('RequestPace', () => {
  it('lets a user ask until the budget is overdrawn, then wait until it is made up', () => {
    const { pace, scheduled, throttled } = paceOf(1_000, 5_000);
    const connection = connectionOf(1);
    pace.charge(1, 4_999, 0);
    expect(pace.throttles(connection, 0)).toBe(false);
    pace.charge(1, 2_001, 0);
    expect(pace.throttles(connection, 0)).toBe(true);
    expect(scheduled).toEqual([{ connection, ms: 2_001 }]);
    expect(throttled()).toBe(1);
    expect(pace.throttles(connection, 2_000)).toBe(true);
    expect(pace.throttles(connection, 2_001)).toBe(false);
  });

  it('holds all connections of a user, later ones too, and nobody else', () => {
    const { pace } = paceOf(1_000, 1_000);
    pace.charge(1, 5_000, 0);
    expect(pace.throttles(connectionOf(1), 0)).toBe(true);
    expect(pace.throttles(connectionOf(1), 0)).toBe(true);
    expect(pace.throttles(connectionOf(2), 0)).toBe(false);
  });

  it('makes nobody wait for more than 30 s, whatever they asked for', () => {
    const { pace, scheduled } = paceOf(1_000, 1_000);
    pace.charge(1, 10 ** 12, 0);
    pace.charge(1, 10 ** 12, 0);
    expect(pace.throttles(connectionOf(1), 0)).toBe(true);
    expect(scheduled[0]!.ms).toBeCloseTo(30_000);
    expect(pace.throttles(connectionOf(1), 30_001)).toBe(false);
  });

  it('forgets users whose budget is full again', () => {
    const { pace } = paceOf(1_000, 1_000);
    for (let userId = 0; userId < 100_000; userId++) pace.charge(userId, 10, userId);
    expect(pace.size).toBeLessThan(2_100);
  });

  it('holds nobody without a limit', () => {
    const { pace } = paceOf(0, 1);
    pace.charge(1, 10 ** 9, 0);
    expect(pace.throttles(connectionOf(1), 0)).toBe(false);
    expect(pace.size).toBe(0);
  });
});
