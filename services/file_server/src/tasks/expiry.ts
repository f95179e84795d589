import type { BlobStore } from '@teamtalk/blob-store';
import type { Kit } from '@teamtalk/service-kit';
import type { FileServerMetrics } from '../metrics.js';
import { taskPrefix } from '../transfers/part-key.js';
import type { TaskStore } from './task-store.js';

/** Tasks removed in one go. */
const batch = 200;

/**
 * Removes, again and again, tasks whose time is over: first what is stored of them, then the task itself, so
 * that nothing stays when this process dies in between. Every file_server does; they do not disturb one
 * another.
 * @returns how to stop it
 */
export function startExpiry(
  { tasks, store, metrics }: { tasks: TaskStore; store: BlobStore; metrics: FileServerMetrics },
  { log }: Kit,
  sweepMs: number,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> | undefined;

  async function removeBatch(): Promise<number> {
    const ids = await tasks.expired(batch);
    if (ids.length === 0) return 0;
    for (const id of ids) await deleteBlobs(store, taskPrefix(id));
    await tasks.remove(ids);
    metrics.expired.inc({}, ids.length);
    return ids.length;
  }
  async function sweep(): Promise<void> {
    try {
      while (!stopped && (await removeBatch()) === batch);
    } catch (error) {
      metrics.sweepsFailed.inc();
      log.warn({ err: error }, 'transfers whose time is over could not be removed');
    }
  }
  const timer = setInterval(() => {
    running ??= sweep().finally(() => {
      running = undefined;
    });
  }, sweepMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}

async function deleteBlobs(store: BlobStore, prefix: string): Promise<void> {
  for (let page = await store.list(prefix); page.length > 0; page = await store.list(prefix)) {
    for (const { key } of page) await store.delete(key);
  }
}
