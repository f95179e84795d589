import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalBlobStore } from '@teamtalk/blob-store';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ImageCache } from './image-cache.js';

const mib = 1_048_576;
let folder: string;
let store: CountingStore;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-cache-'));
  store = new CountingStore({ folder, timeoutMs: 10_000, durable: false });
  await store.put('small', randomBytes(1_000));
  for (let i = 0; i < 40; i++) await store.put(`large/${i}`, randomBytes(mib));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  store.reads = 0;
});

class CountingStore extends LocalBlobStore {
  reads = 0;

  override get(...words: Parameters<LocalBlobStore['get']>) {
    this.reads++;
    return super.get(...words);
  }
}

it('a small file is read once, also for concurrent requests', async () => {
  const cache = new ImageCache(store, 8 * mib);
  const found = await Promise.all([cache.find('small'), cache.find('small'), cache.find('small')]);
  expect(new Set(found).size).toBe(1);
  expect((await cache.find('small')).bytes).toHaveLength(1_000);
  expect(store.reads).toBe(1);
});

it('a larger one is cached when it is requested again', async () => {
  const cache = new ImageCache(store, 16 * mib);
  expect((await cache.find('large/0')).bytes).toBeUndefined();
  expect(cache.size).toBeLessThan(10_000);
  expect((await cache.find('large/0')).bytes).toHaveLength(mib);
  expect((await cache.find('large/0')).bytes).toHaveLength(mib);
  expect(store.reads).toBe(2);
});

it('one that would take too much of the cache is not cached', async () => {
  const cache = new ImageCache(store, 4 * mib);
  for (let i = 0; i < 3; i++) expect((await cache.find('large/0')).bytes).toBeUndefined();
  expect(store.reads).toBe(1);
});

it('bounds the bytes being read into memory', async () => {
  const cache = new ImageCache(store, 64 * mib);
  const keys = Array.from({ length: 40 }, (_, i) => `large/${i}`);
  for (const key of keys) await cache.find(key);
  const found = await Promise.all(keys.map((key) => cache.find(key)));
  expect(found.filter(({ bytes }) => bytes)).toHaveLength(32);
});

it('stays within its size and evicts the least recently used', async () => {
  const cache = new ImageCache(store, 16 * mib);
  for (let i = 0; i < 40; i++) {
    await cache.find(`large/${i}`);
    await cache.find(`large/${i}`);
    expect(cache.size).toBeLessThanOrEqual(16 * mib);
  }
  store.reads = 0;
  await cache.find('large/39');
  expect(store.reads).toBe(0);
});

it('with a size of 0 every file is read each time', async () => {
  const cache = new ImageCache(store, 0);
  for (let i = 0; i < 2; i++) expect((await cache.find('small')).bytes).toHaveLength(1_000);
  expect(store.reads).toBe(2);
});
