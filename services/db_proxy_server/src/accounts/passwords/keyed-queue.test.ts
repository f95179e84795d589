import { expect, test } from 'vitest';
import { KeyedQueue } from './keyed-queue.js';

const options = { what: 'work', concurrency: 1, maxWaiting: 1, maxWaitMs: 10_000 };

test('jobs of one key run in sequence, jobs of other keys do not wait for them', async () => {
  const lines = new KeyedQueue(options);
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = lines.run('a', async () => {
    await held;
    order.push('a1');
    throw new Error('broken');
  });
  const second = lines.run('a', async () => {
    order.push('a2');
  });
  await lines.run('b', async () => {
    order.push('b');
  });
  release();
  await expect(first).rejects.toThrow('broken');
  await second;
  expect(order).toEqual(['b', 'a1', 'a2']);
  expect(lines.size).toBe(0);
});

test('refuses a job when too many wait for its key', async () => {
  const lines = new KeyedQueue(options);
  const jobs = [1, 2].map(() => lines.run('a', async () => {}));
  await expect(lines.run('a', async () => {})).rejects.toMatchObject({ code: 'resource-exhausted' });
  await Promise.all(jobs);
  await lines.run('a', async () => {});
});
