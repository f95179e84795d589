import { createKit, type Kit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchStore } from './store-watch.js';

let kit: Kit;

beforeEach(() => {
  vi.useFakeTimers();
  kit = createKit('msfs', { logLevel: 'silent', shutdownMs: 1_000 });
});
afterEach(async () => {
  await kit.life.stop();
  vi.useRealTimers();
});

test('a healthy store is checked four times a minute, a failed one every five seconds', async () => {
  let checks = 0;
  let works = true;
  const check = async () => {
    checks++;
    if (!works) throw new Error('the volume is gone');
  };
  await watchStore({ check, sweep: async () => 0 }, kit);
  expect([checks, kit.health.report().dependencies.storage]).toEqual([1, 'up']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(checks).toBe(5);
  works = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(kit.health.report().dependencies.storage).toBe('down');
  checks = 0;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(checks).toBe(6);
  works = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(kit.health.report().dependencies.storage).toBe('up');
});
