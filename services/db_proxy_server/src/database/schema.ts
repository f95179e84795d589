import { TeamTalkError } from '@teamtalk/service-kit';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Migration } from '../migrations/migration.js';

/** The number of a step, by its name. */
export function numberOf(name: string): number {
  return Number(name.slice(-13));
}

/** The steps this program knows, oldest first. */
export function knownMigrations(dataSource: DataSource): Migration[] {
  return dataSource.migrations
    .map((each) => Object.assign(each, { name: each.name ?? each.constructor.name }))
    .sort((a, b) => numberOf(a.name) - numberOf(b.name));
}

/** What of the schema a program knows: the number of its newest step. */
export function levelOf(migrations: readonly { name: string }[]): number {
  return Math.max(0, ...migrations.map(({ name }) => numberOf(name)));
}

/** How a database and a program fit. */
export interface SchemaState {
  /** steps the program knows and the database has not */
  missing: string[];
  /** steps of a newer version */
  newer: string[];
  /** those of them with which this program does not work */
  incompatible: string[];
}

/** Kept beside typeorm's list of steps, for the programs that do not know a step yet. */
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
 * @returns the steps of a newer version the database has, all of them compatible
 * @throws TeamTalkError `unavailable` that says what to do when steps are missing, or newer and not compatible
 */
export async function requireSchema(dataSource: DataSource): Promise<string[]> {
  const state = await schemaState(dataSource);
  const problem = problemOf(state);
  if (problem) throw new TeamTalkError('unavailable', problem);
  return state.newer;
}

/** Why a program does not work with a database, and what to do; undefined when it does. */
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

/** Oldest first, with the level each needs. */
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
