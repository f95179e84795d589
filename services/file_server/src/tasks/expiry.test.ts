import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalBlobStore, StorageError } from '@teamtalk/blob-store';
import { waitUntil } from '@teamtalk/local-stack';
import { createLogger } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startExpiry } from './expiry.js';
import { newPartKey } from './part-key.js';

/** A folder some of whose blobs cannot be removed. */
class StubbornStore extends LocalBlobStore {
  readonly kept = new Set<string>();

  override async delete(key: string): Promise<void> {
    if (this.kept.has(key)) throw new StorageError('unavailable', 'not now');
    await super.delete(key);
  }
}

let folder: string;
let store: StubbornStore;
let stop: () => Promise<void>;
let removed = 0;
let failed = 0;
/** The expired tasks. */
const over = new Set<string>();

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-expiry-'));
  store = new StubbornStore({ folder, timeoutMs: 5_000, durable: false });
  removed = 0;
  failed = 0;
  over.clear();
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

function start(): void {
  const tasks = {
    expired: async (limit: number) => [...over].slice(0, limit),
    remove: async (ids: string[]) => ids.forEach((id) => void over.delete(id)),
  };
  const metrics = {
    expired: {
      inc: (_: object, count: number) => {
        removed += count;
      },
    },
    sweepsFailed: {
      inc: () => {
        failed++;
      },
    },
  };
  const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
  stop = startExpiry({ tasks, store, metrics }, { log }, 20);
}

async function addTask(id: string, parts: number): Promise<string[]> {
  const keys = Array.from({ length: parts }, (_, i) => newPartKey(id, i));
  for (const key of keys) await store.put(key, Buffer.from('x'));
  over.add(id);
  return keys;
}

it('the stored parts are removed first, then the task, batch by batch', async () => {
  for (let i = 0; i < 450; i++) over.add(`without-${i}`);
  await addTask('large', 1_005);
  start();
  await waitUntil(() => over.size === 0, { what: 'no task left' });
  expect(await store.list('')).toEqual([]);
  expect([removed, failed]).toEqual([451, 0]);
});

it('a task that cannot be removed is retried later and does not block the others', async () => {
  const [key] = await addTask('stubborn', 1);
  store.kept.add(key!);
  for (const id of ['second', 'third']) await addTask(id, 2);
  start();
  await waitUntil(() => over.size === 1 && failed > 1, { what: 'one task left' });
  expect((await store.list('')).map((blob) => blob.key)).toEqual([key]);
  store.kept.clear();
  await waitUntil(() => over.size === 0, { what: 'no task left' });
  expect(await store.list('')).toEqual([]);
  expect(removed).toBe(3);
});

it('a failing store is left alone until the next sweep', async () => {
  for (let i = 0; i < 30; i++) for (const key of await addTask(`task-${i}`, 1)) store.kept.add(key);
  start();
  await waitUntil(() => failed > 0, { what: 'a failed sweep' });
  store.kept.clear();
  await waitUntil(() => over.size === 0, { what: 'no task left' });
  expect(removed).toBe(30);
});
