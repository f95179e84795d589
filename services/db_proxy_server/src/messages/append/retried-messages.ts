import type { Database, Statement } from '../../database/database.js';
import { purgeInBatches } from '../../database/purge-in-batches.js';

/** No statement lives on for an hour after its connection: by then PostgreSQL has answered it or is dead. */
const purge: Statement = {
  name: 'retried_message_purge',
  text: `
    DELETE FROM retried_message WHERE token IN (
      SELECT token FROM retried_message WHERE stored_at < now() - interval '1 hour' LIMIT $1)
    RETURNING token`,
};

/** Forgets retries that no first attempt can come after any more. @returns how many */
export function purgeRetriedMessages(database: Database): Promise<number> {
  return purgeInBatches(database, purge, []);
}
