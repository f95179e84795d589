import { expect, test } from 'vitest';
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

test('the first entry after a pause is committed at once', async () => {
  const { group, batches } = commits(60_000);
  group.add(1);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([[1]]);
});

test('entries in the wake of a transaction are committed together when the spacing is over', async () => {
  const spacingMs = 60;
  const { group, batches } = commits(spacingMs);
  group.add(1);
  await group.settle();
  for (const entry of [2, 3, 4]) group.add(entry);
  await group.settle();
  expect(batches.map(({ entries }) => entries)).toEqual([[1], [2, 3, 4]]);
  expect(batches[1]!.at - batches[0]!.at).toBeGreaterThan(spacingMs - 2);
});

test('behind a large transaction the spacing is longer, four times at most', async () => {
  const spacingMs = 100;
  const { group, batches } = commits(spacingMs, 1_000);
  for (let entry = 0; entry < 500; entry++) group.add(entry);
  await group.settle();
  group.add(500);
  await group.settle();
  group.add(501);
  await group.settle();
  expect(batches.map(({ entries }) => entries.length)).toEqual([500, 1, 1]);
  const [large, small, last] = batches.map(({ at }) => at) as [number, number, number];
  expect(small - large).toBeGreaterThan(4 * spacingMs - 2);
  expect(last - small).toBeGreaterThan(spacingMs - 2);
  expect(last - small).toBeLessThan(small - large);
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

test('entries that are taken out while they wait are not committed, and others are', async () => {
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
