import type { Kit } from '@teamtalk/service-kit';

const purgeMs = 60_000;

/** What is too old to count, by the names of the metric's label. */
type Purges = Readonly<Record<string, () => Promise<number>>>;

/**
 * Removes what is too old to count, once a minute. Every replica does; they do not disturb one another.
 * @param purges each removes what is its own and tells how much that was
 * @returns how to stop it
 */
export function startPurges(purges: Purges, { log, metrics }: Kit): () => Promise<void> {
  const purged = metrics.counter(
    'rows_purged_total',
    'Rows too old to count that were removed, by what they were',
    ['rows'],
  );
  const failed = metrics.counter('purges_failed_total', 'Purges that failed', ['rows']);
  let running: Promise<void> | undefined;

  async function purge(): Promise<void> {
    for (const [rows, work] of Object.entries(purges)) {
      try {
        purged.inc({ rows }, await work());
      } catch (error) {
        failed.inc({ rows });
        log.warn({ err: error, rows }, 'old rows could not be removed');
      }
    }
  }
  const timer = setInterval(() => {
    running ??= purge().finally(() => {
      running = undefined;
    });
  }, purgeMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
