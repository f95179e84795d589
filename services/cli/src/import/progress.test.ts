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
  // A first line is shown when there has been time for one.
  vi.advanceTimersByTime(10_000);
});
afterEach(() => {
  vi.useRealTimers();
});

test('the time that is left follows from what this call has done', () => {
  const progress = new Progress();
  progress.begin('images, files', 1_500, 500);
  vi.advanceTimersByTime(10_000);
  progress.add(100);
  expect(shown.at(-1)).toBe('images, files: 600 of 1,500, 10/s, about 90 s left');
});

test('parts of units are counted, and whole ones shown', () => {
  const progress = new Progress();
  progress.begin('offline files, MB', 100.4);
  vi.advanceTimersByTime(4_000);
  progress.add(10);
  expect(shown.at(-1)).toBe('offline files, MB: 10 of 101, 3/s, about 37 s left');
});

test('nothing is said of the time that is left before anything is done, and at the end', () => {
  const progress = new Progress();
  progress.begin('images, files', 100, 50);
  vi.advanceTimersByTime(5_000);
  progress.add(0);
  expect(shown.at(-1)).toBe('images, files: 50 of 100, 0/s');
  vi.advanceTimersByTime(5_000);
  progress.add(50);
  expect(shown.at(-1)).toBe('images, files: 100 of 100, 5/s');
});
