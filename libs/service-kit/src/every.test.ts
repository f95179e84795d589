import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { every } from './every.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('work of different intervals, begun at different times, shares its wake-ups', async () => {
  const calls: Record<string, number[]> = { a: [], b: [], c: [] };
  const stops: (() => Promise<void>)[] = [];
  const begin = (name: string, ms: number) => {
    const note = () => void calls[name]?.push(Math.round(performance.now() / 20));
    stops.push(every(ms, note));
  };
  begin('a', 500);
  await vi.advanceTimersByTimeAsync(130);
  begin('b', 1_000);
  await vi.advanceTimersByTimeAsync(70);
  begin('c', 1_000);
  const timers = vi.getTimerCount();
  await vi.advanceTimersByTimeAsync(4_000);
  for (const stop of stops) await stop();
  expect(timers).toBe(1);
  expect(calls.a).toHaveLength(8);
  expect(calls.b).toHaveLength(4);
  expect(calls.b).toEqual(calls.c);
  for (const at of calls.b ?? []) expect(calls.a).toContain(at);
  expect(vi.getTimerCount()).toBe(0);
});

test('a call in progress leaves out the next ones, and stopping waits for it', async () => {
  let end = () => {};
  let begun = 0;
  const stop = every(100, () => {
    begun++;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  await vi.advanceTimersByTimeAsync(350);
  expect(begun).toBe(1);
  end();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toBe(2);
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(300);
  expect([begun, stopped]).toEqual([2, false]);
  end();
  await stopping;
});

test('work that throws stops neither itself nor the rest', () => {
  let calls = 0;
  const stops = [
    every(100, () => {
      throw new Error('broken');
    }),
    every(100, () => void calls++),
  ];
  expect(() => vi.advanceTimersByTime(100)).toThrow('broken');
  vi.advanceTimersByTime(1);
  expect(calls).toBe(1);
  for (const stop of stops) void stop();
});
