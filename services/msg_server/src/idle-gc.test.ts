import { createLogger } from '@teamtalk/service-kit';
import { afterEach, expect, test } from 'vitest';
import { heapBytes, IdleGc } from './idle-gc.js';

const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
let trim: IdleGc | undefined;
afterEach(() => trim?.stop());

const mib = 1024 * 1024;

/** Some 48 MiB. */
const allocate = () => Array.from({ length: 600_000 }, (_, i) => ({ i, values: [1, 2, 3] }));

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
  // Held until it is measured: V8 may collect by itself.
  let held: unknown[] | undefined = allocate();
  await expect.poll(() => checks, { interval: 1 }).toBeGreaterThan(10);
  const grown = heapBytes();
  expect(held).toHaveLength(600_000);
  held = undefined;
  expect(grown).toBeGreaterThan(before + 24 * mib);
  await expect.poll(heapBytes).toBeLessThan(grown - 16 * mib);
});
