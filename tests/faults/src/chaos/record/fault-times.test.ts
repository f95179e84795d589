import { expect, it } from 'vitest';
import { FaultTimes } from './fault-times.js';

function timesOf(...list: [number, number][]): FaultTimes {
  const times = new FaultTimes();
  for (const [begin, end] of list) times.add(begin, end);
  return times;
}

it('without a fault the time counts from the beginning', () => {
  expect(timesOf().dueAt(100, 5)).toBe(105);
});

it('a fault that is there counts from its end, one that was over or comes later not at all', () => {
  expect(timesOf([90, 110]).dueAt(100, 5)).toBe(115);
  expect(timesOf([90, 99]).dueAt(100, 5)).toBe(105);
  expect(timesOf([106, 110]).dueAt(100, 5)).toBe(105);
});

it('faults that follow each other within the time add up, in whatever order they are known', () => {
  expect(timesOf([114, 120], [90, 110]).dueAt(100, 5)).toBe(125);
  expect(timesOf([116, 120], [90, 110]).dueAt(100, 5)).toBe(115);
  expect(timesOf([90, 130], [91, 92]).dueAt(100, 5)).toBe(135);
});

it('a fault that goes on is waited for', () => {
  const times = new FaultTimes();
  const ended = times.begin();
  const now = performance.now();
  expect(times.dueAt(now, 5)).toBe(Number.POSITIVE_INFINITY);
  ended();
  expect(times.dueAt(now, 5)).toBeLessThan(now + 1_000);
});

it('describes a time by how long after the last fault it was', () => {
  const times = timesOf([90, 110], [100, 105]);
  expect(['before any fault', '9 ms after a fault began', '20 ms after a fault began']).toEqual(
    [80, 99, 120].map((at) => times.since(at)),
  );
});
