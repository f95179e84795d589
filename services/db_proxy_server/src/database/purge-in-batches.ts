import type { Database, Statement } from './database.js';

/** Rows one statement removes, so that it never holds many locks. */
const batch = 10_000;

/**
 * Runs a statement that removes some rows and gives one for each, until there are none left.
 * @param statement its last parameter is how many rows it may remove
 * @returns how many rows
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
