import { createLogger } from '@teamtalk/service-kit';
import { afterEach, expect, test } from 'vitest';
import { MemoryTrim, youngBytes } from './memory-trim.js';

const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
let trim: MemoryTrim | undefined;
afterEach(() => trim?.stop());

/** As much survives as makes the young generation grow to its limit. */
function grow(): void {
  const kept = new Array(50_000);
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < kept.length; i++) kept[i] = { i, values: [1, 2, 3] };
  }
  expect(youngBytes()).toBeGreaterThan(24 * 1024 * 1024);
}

test('gives memory back once nothing is written any more, and not before', async () => {
  let sent = 0;
  let looks = 0;
  trim = new MemoryTrim({
    sentBytes: () => {
      looks++;
      sent += looks < 20 ? 1024 * 1024 : 0;
      return sent;
    },
    log,
    everyMs: 10,
  });
  grow();
  await expect.poll(() => looks, { interval: 1 }).toBeGreaterThan(10);
  expect(youngBytes()).toBeGreaterThan(24 * 1024 * 1024);
  await expect.poll(youngBytes).toBeLessThan(8 * 1024 * 1024);
});
