import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from './progress.js';

const shown = vi.hoisted(() => [] as string[]);
vi.mock('../output.js', () => ({
  showProgress: (line: string) => shown.push(line),
  note: () => {},
  clearProgress: () => {},
}));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  // The first line is shown after a while.
  vi.advanceTimersByTime(10_000);
});
afterEach(() => {
  vi.useRealTimers();
});

test('estimates the remaining time from the work of this call only', () => {
  const progress = new Progress();
  progress.begin('images', 1_500, 500);
  vi.advanceTimersByTime(10_000);
  progress.add(100);
  expect(shown.at(-1)).toBe('images, files: 600 of 1,500, 10/s, about 90 s left');
});

test('counts fractions of units, and shows whole ones', () => {
  const progress = new Progress();
  progress.begin('offline-files', 100.4);
  vi.advanceTimersByTime(4_000);
  progress.add(10);
  expect(shown.at(-1)).toBe('offline files, MB: 10 of 101, 3/s, about 37 s left');
});

test('shows no remaining time before any work is done, and at the end', () => {
  const progress = new Progress();
  progress.begin('images', 100, 50);
  vi.advanceTimersByTime(5_000);
  progress.add(0);
  expect(shown.at(-1)).toBe('images, files: 50 of 100, 0/s');
  vi.advanceTimersByTime(5_000);
  progress.add(50);
  expect(shown.at(-1)).toBe('images, files: 100 of 100, 5/s');
});
