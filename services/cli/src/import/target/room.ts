import { statfs } from 'node:fs/promises';
import { Failure } from '../../failure.js';
import { type TargetDatabase, workMemory } from './database.js';
import { lanes, partitions } from './partitions.js';

/** Space a step needs on PostgreSQL's volume, bytes. */
export interface RoomNeeded {
  databaseBytes: number;
  /** for files that exist only while messages are sorted and numbered */
  temporaryBytes: number;
}

/** The sort and the numbered rows each spill to temporary files. */
const spills = 2;
/** Size of a row in its final place, with its index, relative to the staged row. */
const placedBytes = 1.2;

/**
 * Estimates the space for a copy.
 *
 * @param messages size of the old tables of messages, bytes
 * @param sounds size of the recordings, bytes; they become part of messages, but are stored out of line and so not sorted
 */
export function roomForCopy(messages: number, sounds: number): RoomNeeded {
  return {
    // Staged rows, final rows, and the index.
    databaseBytes: Math.ceil(messages * 2.5 + sounds * 2),
    // The largest partitions may be twice the mean.
    temporaryBytes: spilled((messages * 2) / partitions) * lanes,
  };
}

function spilled(bytes: number, memory = workMemory): number {
  return bytes > memory ? Math.ceil(bytes * spills) : 0;
}

/**
 * Computes the space for numbering the messages staged in these partitions. Only the largest ones count, because each
 * partition frees its staged rows when it is done.
 *
 * @param memory memory of a sort, bytes
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
 * Estimates the space for the cutover: messages not imported yet, everything else staged once more, and a copy of the tables
 * as the new servers start with them.
 *
 * @param behind number of messages not imported yet
 * @param others size of the old tables without messages, bytes
 * @param kept tables to copy
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

/** Generous estimate of a message's size, bytes. */
const largeRow = 1_024;

/**
 * Checks that PostgreSQL's volume has enough space, if it is on this machine.
 *
 * @param consequence a sentence about the work so far, for the error text
 * @throws Failure when there is too little space
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
    `PostgreSQL does not have enough disk space: ${size(free)} free in ${row.folder}, about ${size(databaseBytes + temporaryBytes)} needed${temporary}. ${consequence}`,
  );
}

/**
 * Checks that STORAGE_DIR has enough space for the files to be copied into it.
 *
 * @throws Failure when there is too little space
 */
export async function requireStorageRoom(folder: string, bytes: number): Promise<void> {
  const volume = await statfs(folder);
  const free = volume.bavail * volume.bsize;
  if (free >= bytes) return;
  throw new Failure(
    `STORAGE_DIR does not have enough disk space: ${size(free)} free in ${folder}, about ${size(bytes)} needed for offline files, and for images if they are on another file system. Nothing was changed.`,
  );
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
