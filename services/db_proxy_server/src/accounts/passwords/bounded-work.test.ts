import { expect, test, vi } from 'vitest';
import { BoundedWork } from './bounded-work.js';

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('runs as many jobs at a time as allowed, the rest in order', async () => {
  const work = new BoundedWork({ what: 'work', concurrency: 2, maxWaiting: 10, maxWaitMs: 10_000 });
  const gates = Array.from({ length: 5 }, gate);
  const started: number[] = [];
  const jobs = gates.map(({ opened }, i) =>
    work.run(async () => {
      started.push(i);
      await opened;
      return i;
    }),
  );
  expect(started).toEqual([0, 1]);
  expect(work.waiting).toBe(3);
  gates[1]?.open();
  await jobs[1];
  await expect.poll(() => started).toEqual([0, 1, 2]);
  for (const { open } of gates) open();
  expect(await Promise.all(jobs)).toEqual([0, 1, 2, 3, 4]);
  expect(started).toEqual([0, 1, 2, 3, 4]);
});

test('a failed job frees its slot', async () => {
  const work = new BoundedWork({ what: 'work', concurrency: 1, maxWaiting: 10, maxWaitMs: 10_000 });
  const failed = work.run(() => Promise.reject(new Error('broken')));
  const after = work.run(() => Promise.resolve('done'));
  await expect(failed).rejects.toThrow('broken');
  expect(await after).toBe('done');
});

test('a full queue and too long a wait are refused', async () => {
  const work = new BoundedWork({ what: 'hashing', concurrency: 1, maxWaiting: 2, maxWaitMs: 30 });
  const { opened, open } = gate();
  const running = work.run(() => opened);
  const waiting = [1, 2].map(() => work.run(async () => {}));
  const refused = { code: 'resource-exhausted' };
  await expect(work.run(async () => {})).rejects.toMatchObject(refused);
  for (const job of waiting) await expect(job).rejects.toMatchObject(refused);
  expect(work.waiting).toBe(0);
  open();
  await running;
  expect(await work.run(async () => 'free again')).toBe('free again');
});

test('a wait that is too long is refused, even if the wall clock is changed', async () => {
  const work = new BoundedWork({ what: 'work', concurrency: 1, maxWaiting: 1, maxWaitMs: 100 });
  const { opened, open } = gate();
  const running = work.run(() => opened);
  const late = work.run(async () => {});
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  await expect(late).rejects.toMatchObject({ code: 'resource-exhausted' });
  clock.mockRestore();
  open();
  await running;
});
