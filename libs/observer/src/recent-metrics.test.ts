import { readMetrics } from '@teamtalk/service-kit';
import { expect, it } from 'vitest';
import type { Reading } from './probe.js';
import { RecentMetrics } from './recent-metrics.js';

const second = 1_000;

function reading(atMs: number, text: string): Reading {
  return { at: atMs, samples: readMetrics(text), ready: true, draining: false, down: [] };
}

function histogram(counts: readonly [le: string, count: number][]): string {
  return counts.map(([le, count]) => `delay_seconds_bucket{le="${le}"} ${count}`).join('\n');
}

it('sums the growth of all instances, and is not known before the second reading', () => {
  const recent = new RecentMetrics(['sent_total']);
  recent.add(new Map([['a', reading(0, 'sent_total 100')]]));
  expect(recent.growth('sent_total')).toBeNull();
  recent.add(
    new Map([
      ['a', reading(2 * second, 'sent_total 110')],
      ['b', reading(2 * second, 'sent_total 7')],
    ]),
  );
  expect(recent.growth('sent_total')).toBe(10);
  recent.add(
    new Map([
      ['a', reading(4 * second, 'sent_total 112')],
      ['b', reading(4 * second, 'sent_total 10')],
    ]),
  );
  expect(recent.growth('sent_total')).toBe(15);
  expect(recent.perSecond('sent_total')).toBe(15 / 4);
});

it('looks back a minute, and forgets instances that have gone', () => {
  const recent = new RecentMetrics(['sent_total']);
  for (let at = 0; at <= 120; at += 10) {
    recent.add(new Map([['a', reading(at * second, `sent_total ${at}`)]]));
  }
  expect(recent.growth('sent_total')).toBe(60);
  recent.add(new Map());
  expect(recent.growth('sent_total')).toBeNull();
});

it('counts a label from its first appearance, and nothing when a process began anew', () => {
  const recent = new RecentMetrics(['refused_total']);
  recent.add(new Map([['a', reading(0, '# TYPE refused_total counter')]]));
  recent.add(new Map([['a', reading(second, 'refused_total{reason="x"} 1\nrefused_total{reason="y"} 2')]]));
  expect(recent.growth('refused_total')).toBe(3);
  expect(recent.growth('refused_total', { reason: ['x'] })).toBe(1);
  recent.add(new Map([['b', reading(second, 'refused_total{reason="x"} 9')]]));
  recent.add(new Map([['b', reading(2 * second, 'refused_total{reason="x"} 1')]]));
  expect(recent.growth('refused_total')).toBe(0);
});

it('interpolates quantiles of what was counted in that time only', () => {
  const recent = new RecentMetrics(['delay_seconds_bucket']);
  const before: [string, number][] = [
    ['0.1', 1000],
    ['1', 1000],
    ['+Inf', 1000],
  ];
  recent.add(new Map([['a', reading(0, histogram(before))]]));
  expect(recent.quantile('delay_seconds', 0.99)).toBeNull();
  const after: [string, number][] = [
    ['0.1', 1050],
    ['1', 1100],
    ['+Inf', 1100],
  ];
  recent.add(new Map([['a', reading(second, histogram(after))]]));
  expect(recent.quantile('delay_seconds', 0.5)).toBeCloseTo(0.1);
  expect(recent.quantile('delay_seconds', 0.75)).toBeCloseTo(0.55);
  const beyond: [string, number][] = [
    ['0.1', 1050],
    ['1', 1100],
    ['+Inf', 1200],
  ];
  recent.add(new Map([['a', reading(2 * second, histogram(beyond))]]));
  // Prometheus, too, answers the highest bound.
  expect(recent.quantile('delay_seconds', 0.99)).toBe(1);
});
