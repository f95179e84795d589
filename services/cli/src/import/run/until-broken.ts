import type { ImportSession } from './session.js';

/** Runs `work` under the importer's lock. If the lock is lost, waits for `work` to end before rejecting. */
export async function untilBroken<T>(
  { database }: ImportSession,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const end = () => stop.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  let running: Promise<T> | undefined;
  try {
    return await database.alone(() => {
      running = work(stop.signal);
      return running;
    });
  } finally {
    end();
    signal.removeEventListener('abort', end);
    await running?.catch(() => {});
  }
}
