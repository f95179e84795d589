import { TeamTalkError } from '@teamtalk/service-kit';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Migration } from '../migrations/migration.js';

/** The number in a migration's name. */
export function numberOf(name: string): number {
  return Number(name.slice(-13));
}

/** The migrations this program knows, oldest first. */
export function knownMigrations(dataSource: DataSource): Migration[] {
  return (dataSource.migrations as Migration[]).toSorted((a, b) => numberOf(a.name) - numberOf(b.name));
}

/** The schema level of a program: the number of its newest migration. */
export function levelOf(migrations: readonly { name: string }[]): number {
  return Math.max(0, ...migrations.map(({ name }) => numberOf(name)));
}

/** Compatibility of a database with a program. */
export interface SchemaState {
  /** migrations the program knows and the database lacks */
  missing: string[];
  /** migrations of a newer version */
  newer: string[];
  /** those of `newer` that break this program */
  incompatible: string[];
}

/** Extends TypeORM's migrations table for programs that do not know a migration yet. */
const needsTable = 'schema_migration_needs';

export async function createNeedsTable(runner: QueryRunner): Promise<void> {
  await runner.query(
    `CREATE TABLE IF NOT EXISTS ${needsTable} (migration text PRIMARY KEY, level int8 NOT NULL)`,
  );
}

export async function recordNeeds(runner: QueryRunner, { name, needs }: Migration): Promise<void> {
  if (needs === undefined) return;
  await runner.query(
    `INSERT INTO ${needsTable} VALUES ($1, $2) ON CONFLICT (migration) DO UPDATE SET level = excluded.level`,
    [name, needs],
  );
}

/** @throws Error of PostgreSQL's */
export async function schemaState(dataSource: DataSource): Promise<SchemaState> {
  const known = knownMigrations(dataSource);
  const names = new Set(known.map(({ name }) => name));
  const level = levelOf(known);
  const applied = await appliedMigrations(dataSource);
  const newer = applied.filter(({ name }) => !names.has(name));
  return {
    missing: known.flatMap(({ name }) => (applied.some((each) => each.name === name) ? [] : [name])),
    newer: newer.map(({ name }) => name),
    incompatible: newer.filter(({ needs }) => needs > level).map(({ name }) => name),
  };
}

/**
 * @returns the applied migrations of a newer version, all of them compatible
 * @throws TeamTalkError `unavailable`, naming the fix, when migrations are missing or incompatible
 */
export async function requireSchema(dataSource: DataSource): Promise<string[]> {
  const state = await schemaState(dataSource);
  const problem = problemOf(state);
  if (problem) throw new TeamTalkError('unavailable', problem);
  return state.newer;
}

/** Why a program does not work with a database and how to fix it; undefined when it does. */
export function problemOf({ missing, incompatible }: SchemaState): string | undefined {
  if (incompatible.length > 0) {
    return (
      `The database is newer than this version and no longer compatible with it (${incompatible.join(', ')}): ` +
      'run a newer version, or take these migrations back with the version that brought them.'
    );
  }
  if (missing.length > 0) {
    const names = missing.join(', ');
    return `The database lacks ${missing.length} migration(s) (${names}): run \`teamtalk migrate up\` first.`;
  }
  return undefined;
}

/** Oldest first, with the level each requires. */
async function appliedMigrations(dataSource: DataSource): Promise<{ name: string; needs: number }[]> {
  const [exist] = await dataSource.query(
    `SELECT to_regclass('schema_migration') IS NOT NULL AS applied, to_regclass('${needsTable}') IS NOT NULL AS needs`,
  );
  if (!exist.applied) return [];
  const rows: { name: string; needs: string }[] = await dataSource.query(
    exist.needs
      ? `SELECT name, COALESCE(level, 0) AS needs FROM schema_migration
          LEFT JOIN ${needsTable} ON migration = name ORDER BY timestamp`
      : 'SELECT name, 0 AS needs FROM schema_migration ORDER BY timestamp',
  );
  return rows.map(({ name, needs }) => ({ name, needs: Number(needs) }));
}
