import { expect, onTestFinished, test, vi } from 'vitest';
import { GroupCommit } from './group-commit.js';

function commits(spacingMs: number, maxBatch = 10) {
  const batches: { at: number; entries: number[] }[] = [];
  const group = new GroupCommit<number>({
    maxBatch,
    spacingMs,
    commit: async (entries) => {
      batches.push({ at: performance.now(), entries });
    },
  });
  return { group, batches };
}

test('the first entry after a pause is committed immediately', async () => {
  const { group, batches } = commits(60_000);
  group.add(1);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([[1]]);
});

test('entries during the spacing are committed together when it ends', async () => {
  const spacingMs = 60;
  const { group, batches } = commits(spacingMs);
  group.add(1);
  await group.settle();
  for (const entry of [2, 3, 4]) group.add(entry);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([[1], [2, 3, 4]]);
  expect(batches[1]!.at - batches[0]!.at).toBeGreaterThan(spacingMs - 2);
});

test('a slow transaction extends the spacing by its duration, within bounds', async () => {
  const spacingMs = 20;
  const durations = [30, 400, 0, 0];
  const begun: number[] = [];
  // Transactions advance a fake clock instead of waiting.
  const realNow = performance.now.bind(performance);
  let ahead = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + ahead);
  onTestFinished(() => clock.mockRestore());
  const group = new GroupCommit<number>({
    maxBatch: 10,
    spacingMs,
    commit: async () => {
      begun.push(performance.now());
      ahead += durations[begun.length - 1] ?? 0;
    },
  });
  for (const entry of durations.keys()) {
    group.add(entry);
    await group.settle();
  }
  const [long, tooLong, short, last] = begun as [number, number, number, number];
  expect(tooLong - long).toBeGreaterThan(2 * 30 - 2);
  // 4 spacings are over when such a one ends.
  expect(short - tooLong).toBeLessThan(2 * 400);
  expect(last - short).toBeGreaterThan(spacingMs - 2);
  expect(last - short).toBeLessThan(short - tooLong);
});

test('a full batch does not wait', async () => {
  const { group, batches } = commits(60_000, 3);
  for (const entry of [1, 2, 3, 4, 5, 6]) group.add(entry);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test('discarded waiting entries are not committed, others are', async () => {
  const { group, batches } = commits(20);
  group.add(1);
  await group.settle();
  group.add(2);
  group.discard(() => true);
  await group.settle();
  group.add(3);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([[1], [3]]);
});
