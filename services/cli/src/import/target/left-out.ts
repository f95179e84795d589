import type { LeftOutReason } from '../verification.js';
import type { TargetSession } from './database.js';

export const leftOutTable = `CREATE TABLE IF NOT EXISTS legacy_import.left_out (
  name text, reason text, count int8 NOT NULL, PRIMARY KEY (name, reason))`;

/** Adds to how many rows of `name` were left out for a reason. */
export async function addLeftOut(
  session: TargetSession,
  name: string,
  reason: LeftOutReason,
  count: number,
): Promise<void> {
  await session.run(
    `INSERT INTO legacy_import.left_out AS present (name, reason, count) VALUES ($1, $2, $3)
      ON CONFLICT (name, reason) DO UPDATE SET count = present.count + excluded.count`,
    [name, reason, count],
  );
}

/** Records how many rows, keys or files of `name` were left out for a reason; the newest count is kept. */
export async function recordLeftOut(
  session: TargetSession,
  name: string,
  reason: LeftOutReason,
  count: number,
): Promise<void> {
  if (count === 0) return;
  await session.run(
    `INSERT INTO legacy_import.left_out (name, reason, count) VALUES ($1, $2, $3)
      ON CONFLICT (name, reason) DO UPDATE SET count = excluded.count`,
    [name, reason, count],
  );
}
