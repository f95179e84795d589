import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FileProgress } from './file-progress.js';

/** What was written to the terminal. */
let lines: string[];

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  terminal(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  terminal(undefined);
});

function terminal(is: boolean | undefined): void {
  Object.defineProperty(process.stderr, 'isTTY', { value: is, configurable: true });
}

it('shows a bar, the part that is over, the rate and the time left, on one line', () => {
  const progress = new FileProgress('a/film.mp4', 10_000_000, 0);
  vi.advanceTimersByTime(1_000);
  progress.update(2_500_000);
  expect(lines).toEqual(['\r\u001b[Kfilm.mp4 [#####...............] 25 % of 10.0 MB, 2.5 MB/s, 3 s left']);
  progress.update(2_600_000);
  expect(lines, 'not with each block').toHaveLength(1);
  vi.advanceTimersByTime(3_000);
  progress.update(10_000_000);
  expect(lines[1]).toContain('[####################] 100 % of 10.0 MB, 2.5 MB/s, 0 s left');
  expect(progress.finish()).toBe('10.0 MB in 4.0 s, 2.5 MB/s');
  expect(lines[2]).toBe('\r\u001b[K');
});

it.each([
  ['that is known', 6_000_000],
  ['that shows first', undefined],
])('what was over before does not count for the rate: %s', (_, from) => {
  const progress = new FileProgress('film.mp4', 10_000_000, from);
  progress.update(6_000_000);
  vi.advanceTimersByTime(2_000);
  progress.update(8_000_000);
  expect(lines.at(-1)).toContain('80 % of 10.0 MB, 1.0 MB/s, 2 s left');
});

it('an empty file is all there, and a name shows nothing but itself', () => {
  const progress = new FileProgress('\u001b[2J.txt', 0, 0);
  vi.advanceTimersByTime(1_000);
  progress.update(0);
  expect(lines[0]).toBe('\r\u001b[K_[2J.txt [####################] 100 % of 0 B, 0 B/s');
});

it('is silent where nobody looks', () => {
  terminal(false);
  const progress = new FileProgress('film.mp4', 10, 0);
  vi.advanceTimersByTime(1_000);
  progress.update(5);
  progress.finish();
  expect(lines).toEqual([]);
});
