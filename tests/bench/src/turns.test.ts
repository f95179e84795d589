import type { LoadResult } from '@teamtalk/load-generator';
import { expect, test } from 'vitest';
import { combinePoints, combineRounds, turnsOf } from './turns.js';

const before = { label: 'before', checkout: 'old' };
const after = { label: 'after', checkout: undefined };

function result(rate: number, p99: number, undelivered: number): LoadResult {
  return {
    mode: 'p2p',
    wantedRate: 100,
    rates: { acked: rate },
    latency: { ack: { p99 } },
    usage: {},
    connections: { failed: 0 },
    messages: { undelivered },
  } as unknown as LoadResult;
}

test('sides take turns, and each is the first one in turn', () => {
  expect(turnsOf([before, after], 3)).toEqual([before, after, after, before, before, after]);
});

test('figures are medians, and problems of any round are kept', () => {
  const combined = combineRounds([result(90, 5, 0), result(100, 9, 2), result(95, 50, 1)]);
  expect(combined).toMatchObject({ wantedRate: 100, rates: { acked: 95 }, latency: { ack: { p99: 9 } } });
  expect(combined.messages).toEqual({ undelivered: 3 });
  expect(combined.mode).toBe('p2p');
});

test('points are combined with those of the same condition', () => {
  const round = (p99: number) => [
    { x: 1, label: '1', result: result(1, p99, 0) },
    { x: 2, label: '2', result: result(2, 2 * p99, 0) },
  ];
  const points = combinePoints([round(3), round(5), round(4)], 'after');
  expect(points.map(({ label, result: { latency } }) => [label, latency.ack?.p99])).toEqual([
    ['after 1', 4],
    ['after 2', 8],
  ]);
});
