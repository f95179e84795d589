import type { Database, Statement } from '../database/database.js';

/*
 * Whether a list has changed is told by which transactions could be seen when it was read, not by times: no clock,
 * no order of commits and no second that is not over yet matters. Triggers note the transactions that change one
 * (list_change). An etag says of which database and table it is, and what could be seen (a pg_snapshot).
 */

/**
 * In SQL: what an etag is worth nothing without. Transaction numbers mean something to one database server only, and
 * after a restart it may be another one, or have an older state; a table that was emptied by TRUNCATE is another file.
 */
function epochOf(table: string): string {
  return `concat_ws('-', extract(epoch FROM pg_postmaster_start_time()),
    (SELECT oid FROM pg_database WHERE datname = current_database()), pg_relation_filenode('${table}'))`;
}

/** In SQL: the etag of what the statement, or a later one, reads of the table. */
export function currentEtag(table: string): string {
  return `${epochOf(table)} || '/' || pg_current_snapshot()`;
}

function epochIn(etag: string): string {
  return `split_part(${etag}, '/', 1)`;
}

function seenBy(etag: string): string {
  return `split_part(${etag}, '/', 2)::pg_snapshot`;
}

/** In SQL: whether nothing that can be seen now was hidden from what bears the etag. */
export function sameSince(table: string, etag: string): string {
  const seen = seenBy(etag);
  return `${epochIn(etag)} = ${epochOf(table)} AND NOT EXISTS (
    SELECT FROM list_change
    WHERE list = '${table}' AND xid >= pg_snapshot_xmin(${seen}) AND NOT pg_visible_in_snapshot(xid, ${seen}))`;
}

/** Rounds of a minute: an etag that is used is much younger. */
const roundsKept = 5;

const now: Statement = { name: 'list_change_now', text: `SELECT ${currentEtag('list_change')} AS etag` };

/** Those with numbers that have not been given out are another server's, by way of a restored dump. */
const purge: Statement = {
  name: 'list_change_purge',
  text: `
    DELETE FROM list_change
    WHERE ${epochIn('$1::text')} = ${epochOf('list_change')} AND pg_visible_in_snapshot(xid, ${seenBy('$1::text')})
      OR xid >= pg_snapshot_xmax(pg_current_snapshot())
    RETURNING xid`,
};

/**
 * Forgets changes that could be seen some minutes ago: whatever bears an etag has them.
 * @returns a round of it, which tells how many
 */
export function purgeListChanges(database: Database): () => Promise<number> {
  const etags: string[] = [];
  return async () => {
    const [row] = await database.query<{ etag: string }>(now, []);
    if (row) etags.push(row.etag);
    if (etags.length <= roundsKept) return 0;
    return (await database.query(purge, [etags.shift()])).length;
  };
}
