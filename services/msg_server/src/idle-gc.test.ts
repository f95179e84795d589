import { createLogger } from '@teamtalk/service-kit';
import { afterEach, expect, test } from 'vitest';
import { heapBytes, IdleGc } from './idle-gc.js';

const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
let trim: IdleGc | undefined;
afterEach(() => trim?.stop());

const mib = 1024 * 1024;

/** Allocates garbage. */
function grow(): void {
  const objects = new Array(200_000);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < objects.length; i++) objects[i] = { i, values: [1, 2, 3] };
  }
}

test('returns memory once nothing is written any more, and not before', async () => {
  const before = heapBytes();
  let sent = 0;
  let checks = 0;
  trim = new IdleGc({
    sentBytes: () => {
      checks++;
      sent += checks < 20 ? 1024 * 1024 : 0;
      return sent;
    },
    log,
    intervalMs: 10,
  });
  grow();
  await expect.poll(() => checks, { interval: 1 }).toBeGreaterThan(10);
  const grown = heapBytes();
  expect(grown).toBeGreaterThan(before + 24 * mib);
  await expect.poll(heapBytes).toBeLessThan(grown - 16 * mib);
});
