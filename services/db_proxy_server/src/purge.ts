import { every, type Kit } from '@teamtalk/service-kit';

const purgeMs = 60_000;

/** Purge functions by the value of the metric's label. */
type Purges = Readonly<Record<string, () => Promise<number>>>;

/**
 * Removes expired rows once a minute. Every replica does so; concurrent purges do not conflict.
 * @param purges each resolves with the number of removed rows
 * @returns a function that stops it
 */
export function startPurges(purges: Purges, { log, metrics }: Kit): () => Promise<void> {
  const purged = metrics.counter('rows_purged_total', 'Expired rows that were removed, by kind', ['rows']);
  const failed = metrics.counter('purges_failed_total', 'Purges that failed, by kind of row', ['rows']);

  async function purge(): Promise<void> {
    for (const [rows, work] of Object.entries(purges)) {
      try {
        purged.inc({ rows }, await work());
      } catch (error) {
        failed.inc({ rows });
        log.warn({ err: error, rows }, 'purge failed');
      }
    }
  }
  return every(purgeMs, purge);
}
