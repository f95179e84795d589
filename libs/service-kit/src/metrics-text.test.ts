import { expect, test } from 'vitest';
import { readMetrics, sumOf } from './metrics-text.js';

const page = `# HELP a_total Things
# TYPE a_total counter
a_total{reason="x",class="pc"} 3
a_total{reason="y \\"quoted\\"",class="pc"} 4
# HELP b Now
# TYPE b gauge
b 1.5e3
# HELP c_total Never counted
# TYPE c_total counter
`;

test('sums the samples with matching labels', () => {
  const samples = readMetrics(page);
  expect(sumOf(samples, 'a_total', {})).toBe(7);
  expect(sumOf(samples, 'a_total', { reason: 'x' })).toBe(3);
  expect(sumOf(samples, 'a_total', { class: 'pc', reason: 'y "quoted"' })).toBe(4);
  expect(sumOf(samples, 'a_total', { reason: 'z' })).toBe(0);
  expect(sumOf(samples, 'b', {})).toBe(1500);
});

test('a counter without samples is 0; an unknown name is an error', () => {
  const samples = readMetrics(page);
  expect(sumOf(samples, 'c_total', { reason: 'x' })).toBe(0);
  expect(() => sumOf(samples, 'd_total', {})).toThrow('there is no metric d_total');
});
