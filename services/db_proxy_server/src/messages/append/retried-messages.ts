import type { Database, Statement } from '../../database/database.js';
import { purgeInBatches } from '../../database/purge-in-batches.js';
import type { Horizon } from './horizon.js';

/** Longer than any statement can outlive its connection. */
const defaultRetentionMs = 3_600_000;

const purge: Statement = {
  name: 'retried_message_purge',
  text: `
    DELETE FROM retried_message WHERE token IN (
      SELECT token FROM retried_message WHERE transactions_back(xmin::text::int8, $1) > 0 LIMIT $2)
    RETURNING token`,
};

/**
 * Purges retry records whose first attempt can no longer arrive: those stored before a horizon that this process has
 * known for the retention time. Measured on this process's monotonic clock, since PostgreSQL's clock may be changed.
 * @param retentionMs milliseconds
 * @returns a function to call periodically; it resolves with the number of purged records
 */
export function purgeRetriedMessages(
  database: Database,
  horizon: Pick<Horizon, 'value'>,
  retentionMs = defaultRetentionMs,
): () => Promise<number> {
  const known: { at: number; value: number }[] = [];
  return async () => {
    const now = performance.now();
    if (horizon.value > 0) known.push({ at: now, value: horizon.value });
    while (known[1] && now - known[1].at >= retentionMs) known.shift();
    const oldest = known[0];
    if (!oldest || now - oldest.at < retentionMs) return 0;
    return purgeInBatches(database, purge, [oldest.value]);
  };
}
