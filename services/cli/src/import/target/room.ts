import { statfs } from 'node:fs/promises';
import { Failure } from '../../failure.js';
import { type TargetDatabase, workMemory } from './database.js';
import { lanes, partitions } from './partitions.js';

/** What a step needs of PostgreSQL's volume, bytes. */
export interface RoomNeeded {
  databaseBytes: number;
  /** of files that are there only while messages are sorted and numbered */
  temporaryBytes: number;
}

/** The sort and the numbered rows, which each spill what does not fit into memory. */
const spills = 2;
/** What a row takes in its place, with its index, for each byte where it was staged. */
const placedBytes = 1.2;

/**
 * What a copy needs.
 *
 * @param messages bytes of the old tables of messages
 * @param sounds bytes of the recordings, which come into the messages; too large for a row, they are not sorted with it
 */
export function roomForCopy(messages: number, sounds: number): RoomNeeded {
  return {
    // Staged, in their places, and the index.
    databaseBytes: Math.ceil(messages * 2.5 + sounds * 2),
    // The largest partitions may well be twice the mean.
    temporaryBytes: spilled((messages * 2) / partitions) * lanes,
  };
}

function spilled(bytes: number, memory = workMemory): number {
  return bytes > memory ? Math.ceil(bytes * spills) : 0;
}

/**
 * What is needed to number what is staged in these partitions: that of the largest ones, as each empties what was staged for it.
 *
 * @param memory of a sort, bytes
 */
export async function roomToNumber(
  database: TargetDatabase,
  parts: readonly number[],
  memory = workMemory,
): Promise<RoomNeeded> {
  const sizes = await database.rows<{ rows: number; total: number }>(
    `SELECT pg_relation_size(name::regclass)::float8 AS rows, pg_total_relation_size(name::regclass)::float8 AS total
      FROM (SELECT 'legacy_import.message_p' || part AS name FROM unnest($1::int4[]) AS part) AS p ORDER BY total DESC LIMIT ${lanes}`,
    [parts],
  );
  return {
    databaseBytes: Math.ceil(sizes.reduce((sum, { total }) => sum + total * placedBytes, 0)),
    temporaryBytes: sizes.reduce((sum, { rows }) => sum + spilled(rows, memory), 0),
  };
}

/**
 * What the evening needs: rows that are behind, everything else staged once more, and what the new servers begin with kept.
 *
 * @param behind rows of messages that are not here yet
 * @param others bytes of the old tables that have no messages
 * @param kept tables that are kept as they are
 */
export async function roomForCutover(
  database: TargetDatabase,
  { behind, others, kept }: { behind: number; others: number; kept: readonly string[] },
): Promise<RoomNeeded> {
  const [row] = await database.rows<{ bytes: number }>(
    `SELECT sum(pg_total_relation_size(name::regclass))::float8 AS bytes FROM unnest($1::text[]) AS name`,
    [kept],
  );
  const arriving = roomForCopy(behind * largeRow, 0);
  return {
    databaseBytes: arriving.databaseBytes + others * 2 + row!.bytes,
    temporaryBytes: arriving.temporaryBytes + spilled(row!.bytes),
  };
}

/** More than most messages have, bytes. */
const largeRow = 1_024;

/**
 * Checks that the volume of PostgreSQL has room, where it is on this machine; elsewhere nobody can see it from here.
 *
 * @param consequence what has become of the work so far, as a sentence
 * @throws Failure with what is missing
 */
export async function requireRoom(
  database: TargetDatabase,
  { databaseBytes, temporaryBytes }: RoomNeeded,
  consequence: string,
): Promise<void> {
  const [row] = await database.rows<{ folder: string | null; local: boolean }>(`
    SELECT CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory') END AS folder,
      inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS local`);
  if (!row?.folder || !row.local) return;
  const volume = await statfs(row.folder).catch(() => undefined);
  if (volume === undefined) return;
  const free = volume.bavail * volume.bsize;
  if (free >= databaseBytes + temporaryBytes) return;
  const temporary =
    temporaryBytes > 0
      ? `, ${size(temporaryBytes)} of it for temporary files while messages are numbered`
      : '';
  throw new Failure(
    `PostgreSQL has not enough disk space: ${size(free)} free in ${row.folder}, and about ${size(databaseBytes + temporaryBytes)} needed${temporary}. ${consequence}`,
  );
}

/**
 * Checks that the folder of STORAGE_DIR has room for files that are copied into it.
 *
 * @throws Failure with what is missing
 */
export async function requireStorageRoom(folder: string, bytes: number): Promise<void> {
  const volume = await statfs(folder);
  const free = volume.bavail * volume.bsize;
  if (free >= bytes) return;
  throw new Failure(
    `STORAGE_DIR has not enough disk space: ${size(free)} free in ${folder}, and about ${size(bytes)} needed for offline files, and for images where they are on another file system. Nothing was changed.`,
  );
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
