import type { Database, Statement } from '../database/database.js';

/*
 * Change detection compares transaction snapshots instead of timestamps, so it does not depend on clocks, commit
 * order or the resolution of a second. Triggers record the transactions that change a list (list_change). An etag
 * identifies the database and the table, and holds the snapshot (pg_snapshot) the list was read in.
 */

/**
 * In SQL: the scope in which an etag is valid. Transaction ids are meaningful on one database server only; after a
 * restart it may be a different server or an older state, and TRUNCATE gives the table a new file.
 */
function epochOf(table: string): string {
  return `concat_ws('-', extract(epoch FROM pg_postmaster_start_time()),
    (SELECT oid FROM pg_database WHERE datname = current_database()), pg_relation_filenode('${table}'))`;
}

/** In SQL: the etag of the table as seen by the current snapshot. */
export function currentEtag(table: string): string {
  return `${epochOf(table)} || '/' || pg_current_snapshot()`;
}

/** Whether a text has the form of an etag; PostgreSQL fails at others. */
export function isEtag(text: string): boolean {
  return /^[\d.-]+\/\d+:\d+:[\d,]*$/.test(text);
}

function epochIn(etag: string): string {
  return `split_part(${etag}, '/', 1)`;
}

function seenBy(etag: string): string {
  return `split_part(${etag}, '/', 2)::pg_snapshot`;
}

/** In SQL: whether no change has become visible since the etag was taken. */
export function sameSince(table: string, etag: string): string {
  const seen = seenBy(etag);
  return `${epochIn(etag)} = ${epochOf(table)} AND NOT EXISTS (
    SELECT FROM list_change
    WHERE list = '${table}' AND xid >= pg_snapshot_xmin(${seen}) AND NOT pg_visible_in_snapshot(xid, ${seen}))`;
}

/** Etags from earlier purges, one a minute; clients of this module use etags that are at most a minute old. */
const retainedEtags = 5;

const now: Statement = { name: 'list_change_now', text: `SELECT ${currentEtag('list_change')} AS etag` };

/** Transaction ids from the future come from another server, through a restored dump. */
const purge: Statement = {
  name: 'list_change_purge',
  text: `
    DELETE FROM list_change
    WHERE ${epochIn('$1::text')} = ${epochOf('list_change')} AND pg_visible_in_snapshot(xid, ${seenBy('$1::text')})
      OR xid >= pg_snapshot_xmax(pg_current_snapshot())
    RETURNING xid`,
};

/**
 * Removes recorded changes that have been visible for some minutes: every etag still in use includes them.
 * @returns a function that purges once and resolves with the number of removed rows
 */
export function purgeListChanges(database: Database): () => Promise<number> {
  const etags: string[] = [];
  return async () => {
    const [row] = await database.query<{ etag: string }>(now, []);
    if (row) etags.push(row.etag);
    if (etags.length <= retainedEtags) return 0;
    return (await database.query(purge, [etags.shift()])).length;
  };
}
