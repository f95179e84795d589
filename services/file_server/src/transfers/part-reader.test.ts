import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalBlobStore } from '@teamtalk/blob-store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Part } from '../tasks/task-store.js';
import { PartReader } from './part-reader.js';
import { ReadAhead } from './read-ahead.js';

const block = 32_768;

/** Records the size of each read. */
class WatchedStore extends LocalBlobStore {
  readonly lengths: number[] = [];

  override get(...args: Parameters<LocalBlobStore['get']>): ReturnType<LocalBlobStore['get']> {
    this.lengths.push(args[1]?.length ?? Number.NaN);
    return super.get(...args);
  }
}

let folder: string;
let store: WatchedStore;
let content: Buffer;
let parts: Part[];
let readAhead: ReadAhead;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-parts-'));
  store = new WatchedStore({ folder, timeoutMs: 5_000, durable: false });
  content = randomBytes(64 * block);
  parts = [];
  readAhead = new ReadAhead(1_000_000);
  for (let start = 0; start < content.length; start += 32 * block) {
    const bytes = content.subarray(start, start + 32 * block);
    const sha256 = createHash('sha256').update(bytes).digest();
    await store.put(`part-${start}`, bytes);
    parts.push({ start, size: bytes.length, key: `part-${start}`, sha256 });
  }
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

async function readAll(reader: PartReader, from: number, to: number, msBetween: number): Promise<void> {
  for (let at = from; at < to; at += block) {
    expect((await reader.read(at, block)).equals(content.subarray(at, at + block))).toBe(true);
    vi.advanceTimersByTime(msBetween);
  }
}

it('the faster blocks are sent, the more is read ahead', async () => {
  const reader = new PartReader(store, parts, readAhead);
  await readAll(reader, 0, content.length, 1);
  expect(store.lengths.slice(0, 5).map((bytes) => bytes / block)).toEqual([1, 2, 4, 8, 8]);
  expect(Math.max(...store.lengths)).toBe(8 * block);
  await reader.close();
});

it('for a slow receiver one block is read at a time, also if it was fast before', async () => {
  const reader = new PartReader(store, parts, readAhead);
  await readAll(reader, 0, 23 * block, 1);
  store.lengths.length = 0;
  await readAll(reader, 23 * block, content.length, 150);
  // The second is the rest of a part.
  expect(store.lengths.slice(0, 5).map((bytes) => bytes / block)).toEqual([8, 1, 2, 1, 1]);
  expect(new Set(store.lengths.slice(3))).toEqual(new Set([block]));
  await reader.close();
});

it('when the read-ahead budget is used up, one block is read at a time', async () => {
  readAhead = new ReadAhead(10 * block);
  const fast = new PartReader(store, parts, readAhead);
  await readAll(fast, 0, 8 * block, 1);
  expect(readAhead.bytes).toBe(8 * block);
  store.lengths.length = 0;
  const other = new PartReader(store, parts, readAhead);
  await readAll(other, 0, 10 * block, 1);
  expect(Math.max(...store.lengths)).toBeLessThanOrEqual(2 * block);
  await fast.close();
  await readAll(other, 10 * block, 40 * block, 1);
  expect(Math.max(...store.lengths)).toBe(8 * block);
  await other.close();
  expect(readAhead.bytes).toBe(0);
});
