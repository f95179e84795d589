import { statfs } from 'node:fs/promises';
import { Failure } from '../../failure.js';
import type { TargetDatabase } from './database.js';

/**
 * Checks that the volume of PostgreSQL has room for the messages, where it is on this machine; elsewhere nobody can see it from
 * here.
 *
 * @throws Failure with what is missing
 */
export async function requireRoom(
  { database }: { database: TargetDatabase },
  { databaseBytes }: { databaseBytes: number },
): Promise<void> {
  const [began] = await database.rows<{ found: boolean }>(
    `SELECT to_regclass('legacy_import.source') IS NOT NULL AS found`,
  );
  // Part of it is there already.
  if (began?.found) return;
  const [row] = await database.rows<{ folder: string | null; local: boolean }>(`
    SELECT CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory') END AS folder,
      inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS local`);
  if (!row?.folder || !row.local) return;
  const volume = await statfs(row.folder).catch(() => undefined);
  if (volume === undefined) return;
  const free = volume.bavail * volume.bsize;
  if (free >= databaseBytes) return;
  throw new Failure(
    `PostgreSQL has not enough disk space: ${gigabytes(free)} free in ${row.folder}, and about ${gigabytes(databaseBytes)} needed. Nothing was changed.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
