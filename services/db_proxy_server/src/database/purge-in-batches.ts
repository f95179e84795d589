import type { Database, Statement } from './database.js';

/** Rows removed by one statement, which bounds the locks it holds. */
const batch = 10_000;

/**
 * Repeats a DELETE ... RETURNING until it removes less than a full batch.
 * @param statement its last parameter is the batch size
 * @returns the number of removed rows
 */
export async function purgeInBatches(
  database: Database,
  statement: Statement,
  values: readonly unknown[],
): Promise<number> {
  let purged = 0;
  for (;;) {
    const rows = await database.query(statement, [...values, batch]);
    purged += rows.length;
    if (rows.length < batch) return purged;
  }
}
