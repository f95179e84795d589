import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Metrics } from './metrics.js';

test('reports the same as prom-client’s histogram', async () => {
  const buckets = [0.1, 1, 2.5];
  const metrics = new Metrics('test');
  const tallied = metrics.talliedHistogram('wait_seconds', 'Time waited', buckets);
  const registry = new Registry();
  const other = new Histogram({
    name: 'teamtalk_test_wait_seconds',
    help: 'Time waited',
    buckets,
    registers: [registry],
  });
  for (const value of [0, 0.05, 0.1, 0.10001, 1, 2, 2.5, 100]) {
    tallied.observe(value);
    other.observe(value);
  }
  expect(await metrics.registry.metrics()).toBe(await registry.metrics());
  expect(metrics.definitions()).toEqual([
    { name: 'teamtalk_test_wait_seconds', type: 'histogram', help: 'Time waited', labels: [] },
  ]);
});
