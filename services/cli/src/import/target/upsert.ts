import type { TargetSession } from './database.js';

/**
 * Inserts the rows of a query into a table, and changes those of the same key that differ: rows that are as they have to be are not
 * written.
 *
 * @param columns of the table, in the order of the query's
 */
export async function upsert(
  session: TargetSession,
  { table, key, columns }: { table: string; key: readonly string[]; columns: readonly string[] },
  query: string,
): Promise<void> {
  const others = columns.filter((column) => !key.includes(column));
  const of = (row: string) => `ROW(${others.map((column) => `${row}.${column}`).join(', ')})`;
  await session.run(`
    INSERT INTO ${table} AS present (${columns.join(', ')}) ${query}
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET (${others.join(', ')}) = ${of('excluded')}
    WHERE ${of('present')} IS DISTINCT FROM ${of('excluded')}`);
}
