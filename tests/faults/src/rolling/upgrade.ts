import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { migrateUp, openDataSource } from '@teamtalk/db_proxy_server';

const run = promisify(execFile);
const migrateMs = 120_000;
/** A migration like those of upgrades: it adds what older versions do not know. */
const ownStep = [
  'ALTER TABLE message ADD COLUMN IF NOT EXISTS rolling_note text',
  'ALTER TABLE conversation ADD COLUMN IF NOT EXISTS rolling_count int NOT NULL DEFAULT 0',
  'CREATE TABLE IF NOT EXISTS rolling_probe (id bigint PRIMARY KEY, noted_at timestamptz NOT NULL DEFAULT now())',
];

/** Migrates an empty database to another version's schema, with that version's own program. */
export async function migrateFrom(checkout: string, url: string): Promise<void> {
  const program = path.join(checkout, 'services/db_proxy_server/dist/migrate.js');
  const env = { PATH: process.env.PATH, DATABASE_URL: url };
  await run(process.execPath, [program], { env, timeout: migrateMs });
}

/**
 * Applies this version's migrations while the old version's processes use the database. If there are none, it adds
 * columns to the busiest tables instead.
 * @returns the names of the version's migrations; none: columns were added
 */
export async function bringUp(url: string): Promise<string[]> {
  const source = await openDataSource(url);
  try {
    const applied = await migrateUp(source);
    if (applied.length > 0) return applied;
    for (const statement of ownStep) await source.query(statement);
    return [];
  } finally {
    await source.destroy();
  }
}

export function describeMigrations(applied: readonly string[]): string {
  if (applied.length > 0) return `migrated: ${applied.join(', ')}`;
  return `no migration between the two versions; instead: ${ownStep.join('; ')}`;
}
