import type { BlobStore } from '@teamtalk/blob-store';
import type { Kit } from '@teamtalk/service-kit';
import type { FileServerMetrics } from '../metrics.js';
import { taskPrefix } from './part-key.js';
import type { TaskStore } from './task-store.js';

/** Tasks removed in one go. */
const batch = 200;
/** A store in which so many of them cannot be removed does not work. */
const maxFailures = 10;

export interface ExpiryOptions {
  tasks: Pick<TaskStore, 'expired' | 'remove'>;
  store: Pick<BlobStore, 'list' | 'delete'>;
  metrics: Pick<FileServerMetrics, 'expired' | 'sweepsFailed'>;
}

/**
 * Removes, again and again, tasks whose time is over: first what is stored of them, then the task itself, so
 * that nothing stays when this process dies in between. Every file_server does; they do not disturb one
 * another. One that cannot be removed keeps none of the others from going.
 * @returns how to stop it
 */
export function startExpiry(
  { tasks, store, metrics }: ExpiryOptions,
  { log }: Pick<Kit, 'log'>,
  sweepMs: number,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> | undefined;

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

async function deleteBlobs(store: ExpiryOptions['store'], prefix: string): Promise<void> {
  for (let page = await store.list(prefix); page.length > 0; ) {
    for (const { key } of page) await store.delete(key);
    page = await store.list(prefix, { after: page.at(-1)!.key });
  }
}
