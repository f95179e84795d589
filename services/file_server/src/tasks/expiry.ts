import type { BlobStore } from '@teamtalk/blob-store';
import { every, type Kit } from '@teamtalk/service-kit';
import type { FileServerMetrics } from '../metrics.js';
import { taskPrefix } from './part-key.js';
import type { TaskStore } from './task-store.js';

/** Maximum number of tasks removed per batch. */
const batch = 200;
/** After this many failed removals the store counts as failed, and the sweep ends. */
const maxFailures = 10;

export interface ExpiryOptions {
  tasks: Pick<TaskStore, 'expired' | 'remove'>;
  store: Pick<BlobStore, 'list' | 'delete'>;
  metrics: Pick<FileServerMetrics, 'expired' | 'sweepsFailed'>;
}

/**
 * Removes expired tasks periodically: first their stored parts, then the task itself, so that nothing is left if this
 * process dies in between. Every file_server does so, without conflicts. A task that cannot be removed does not block the
 * others.
 * @returns a function that stops it
 */
export function startExpiry(
  { tasks, store, metrics }: ExpiryOptions,
  { log }: Pick<Kit, 'log'>,
  sweepMs: number,
): () => Promise<void> {
  let stopped = false;

  /** @returns whether there may be more */
  async function removeBatch(): Promise<boolean> {
    const ids = await tasks.expired(batch);
    const removed: string[] = [];
    const failures: unknown[] = [];
    for (const id of ids) {
      if (stopped || failures.length >= maxFailures) break;
      await deleteBlobs(store, taskPrefix(id)).then(
        () => removed.push(id),
        (error: unknown) => failures.push(error),
      );
    }
    if (removed.length > 0) await tasks.remove(removed);
    metrics.expired.inc({}, removed.length);
    if (failures.length > 0) throw failures[0];
    return ids.length === batch;
  }
  async function sweep(): Promise<void> {
    try {
      while (!stopped && (await removeBatch()));
    } catch (error) {
      metrics.sweepsFailed.inc();
      log.warn({ err: error }, 'removing expired transfers failed');
    }
  }
  const stop = every(sweepMs, sweep);
  return () => {
    stopped = true;
    return stop();
  };
}

async function deleteBlobs(store: ExpiryOptions['store'], prefix: string): Promise<void> {
  for (let page = await store.list(prefix); page.length > 0; ) {
    for (const { key } of page) await store.delete(key);
    page = await store.list(prefix, { after: page.at(-1)!.key });
  }
}
