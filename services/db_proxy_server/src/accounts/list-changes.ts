import type { Database, Statement } from '../database/database.js';

/*
 * Whether a list has changed is told by which transactions could be seen when it was read, not by times: no clock,
 * no order of commits and no second that is not over yet matters. Triggers note the transactions that change one
 * (list_change). A stamp says of which database and table it is, and what could be seen (a pg_snapshot).
 */

/**
 * In SQL: what a stamp is worth nothing without. Transaction numbers mean something to one database server only, and
 * after a restart it may be another one, or have an older state; a table that was emptied by TRUNCATE is another file.
 */
function epochOf(table: string): string {
  return `concat_ws('-', extract(epoch FROM pg_postmaster_start_time()),
    (SELECT oid FROM pg_database WHERE datname = current_database()), pg_relation_filenode('${table}'))`;
}

/** In SQL: the stamp of what the statement, or a later one, reads of the table. */
export function currentStamp(table: string): string {
  return `${epochOf(table)} || '/' || pg_current_snapshot()`;
}

function epochIn(stamp: string): string {
  return `split_part(${stamp}, '/', 1)`;
}

function seenBy(stamp: string): string {
  return `split_part(${stamp}, '/', 2)::pg_snapshot`;
}

/** In SQL: whether nothing that can be seen now was hidden from what bears the stamp. */
export function sameSince(table: string, stamp: string): string {
  const seen = seenBy(stamp);
  return `${epochIn(stamp)} = ${epochOf(table)} AND NOT EXISTS (
    SELECT FROM list_change
    WHERE list = '${table}' AND xid >= pg_snapshot_xmin(${seen}) AND NOT pg_visible_in_snapshot(xid, ${seen}))`;
}

/** Rounds of a minute: a stamp that is used is much younger. */
const roundsKept = 5;

const now: Statement = { name: 'list_change_now', text: `SELECT ${currentStamp('list_change')} AS stamp` };

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
 * Forgets changes that could be seen some minutes ago: whatever bears a stamp has them.
 * @returns a round of it, which tells how many
 */
export function purgeListChanges(database: Database): () => Promise<number> {
  const stamps: string[] = [];
  return async () => {
    const [row] = await database.query<{ stamp: string }>(now, []);
    if (row) stamps.push(row.stamp);
    if (stamps.length <= roundsKept) return 0;
    return (await database.query(purge, [stamps.shift()])).length;
  };
}
