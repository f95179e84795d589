import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { recorded, timesSources } from './service-times.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const runs = recorded.flatMap((machine) => machine.runs);

it.each([...timesSources, ...runs.map(({ source }) => source)])(
  '$page has $quote',
  async ({ page, quote }) => {
    const text = await readFile(path.join(top, page), 'utf8');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(quote);
  },
);

it.each(runs)('the latency of $name at $perSecond/s is the one its report gives', ({ p50, p99, source }) => {
  const figures = source.quote.match(/\d+\.\d+|\b\d+\b(?= \|)/g)?.map(Number);
  expect(figures).toEqual(expect.arrayContaining([p50, p99]));
});
