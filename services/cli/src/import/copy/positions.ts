import type { TargetSession } from '../target/database.js';

/** How far the tables of messages are read, and what later messages need to find their place. */
export const positionTables: readonly string[] = [
  // Rows up to `settled` are all here, and of later ones those in `seen`.
  `CREATE TABLE IF NOT EXISTS legacy_import.followed (
    table_name text PRIMARY KEY, settled int8 NOT NULL, seen int8[] NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.relation (conv int8, relate_id int8, PRIMARY KEY (conv, relate_id))`,
  `CREATE TABLE IF NOT EXISTS legacy_import.message_relation (
    conv int8, id int4, relate_id int8 NOT NULL, PRIMARY KEY (conv, id))`,
];

/** Keeps where the copy ended, which is staged in a table that goes with the others. */
export async function keepPositions(session: TargetSession): Promise<void> {
  await session.run(`
    INSERT INTO legacy_import.followed (table_name, settled, seen) SELECT table_name, settled, seen FROM legacy_import.staged`);
  await session.run('CREATE INDEX ON legacy_import.message_map (conv, new_id)');
}

/** Which rows of a table have been read: all up to `settled`, and of later ones those in `seen`, in the order of their ids. */
export interface Position {
  settled: number;
  seen: readonly number[];
}

/**
 * Ids are given before the commit, so that a lower one can appear a moment after a higher one. So many of the newest ids are
 * remembered one by one.
 */
const remembered = 1_000;

/** The position after `ids` were read, too. */
export function positionAfter({ settled, seen }: Position, ids: readonly number[]): Position {
  const all = [...seen, ...ids].sort((a, b) => a - b);
  const dropped = all.slice(0, -remembered);
  return { settled: Math.max(settled, ...dropped.slice(-1)), seen: all.slice(-remembered) };
}
