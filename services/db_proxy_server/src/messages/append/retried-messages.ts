import type { Database, Statement } from '../../database/database.js';
import { purgeInBatches } from '../../database/purge-in-batches.js';
import type { Horizon } from './horizon.js';

/** No statement lives on for an hour after its connection: by then PostgreSQL has answered it or is dead. */
const defaultRetentionMs = 3_600_000;

const purge: Statement = {
  name: 'retried_message_purge',
  text: `
    DELETE FROM retried_message WHERE token IN (
      SELECT token FROM retried_message WHERE transactions_back(xmin::text::int8, $1) > 0 LIMIT $2)
    RETURNING token`,
};

/**
 * Forgets retries that no first attempt can come after any more: those that were stored before a horizon this process
 * has known for that long, by its own clock and not by PostgreSQL's, which may be set.
 * @param retentionMs milliseconds
 * @returns what is to be called now and then; it tells how many were forgotten
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
