/**
 * Runs `work` with a signal that is aborted after `ms` milliseconds or with `parent`. Timer and controller are referenced
 * until the work is done: on Node 20, `AbortSignal.any([parent, AbortSignal.timeout(ms)])` loses its timer to garbage
 * collection and may never fire.
 */
export async function abortAfter<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms} ms`)), ms);
  const abort = () => controller.abort(parent?.reason);
  parent?.addEventListener('abort', abort, { once: true });
  try {
    parent?.throwIfAborted();
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    parent?.removeEventListener('abort', abort);
  }
}
