import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { operator } from '../actor.js';
import type { Migration } from '../migrations/migration.js';
import { poolOf } from './data-source.js';
import { type Grants, grantAccess } from './grants.js';
import { requireSessions } from './pooler.js';
import { requirePrograms } from './running-programs.js';
import { createNeedsTable, knownMigrations, numberOf, recordNeeds, schemaState } from './schema.js';

export interface MigrationState {
  name: string;
  /** `newer`: applied by a newer version and unknown to this one */
  state: 'applied' | 'missing' | 'newer';
}

/** Advisory lock key: one process migrates at a time. The number is arbitrary but must not change. */
const migrationLock = 7_366_301_764;

/**
 * Applies the missing migrations, oldest first, each in a transaction of its own.
 * @param grants what other roles may do is granted with each migration, and anew when there is none
 * @param onProgress called after each migration
 * @returns the names of the applied migrations; none where the database is newer than this version and compatible
 * @throws TeamTalkError `unavailable` when the database is newer than this version and either incompatible or lacks a
 * migration, or when db_proxy_servers run that a migration would break; `invalid-argument` when a role cannot be granted
 * anything
 */
export function migrateUp(
  dataSource: DataSource,
  { grants = {}, onProgress }: { grants?: Grants; onProgress?: (name: string) => void } = {},
): Promise<string[]> {
  return exclusively(dataSource, async (runner) => {
    const { missing, newer, incompatible } = await schemaState(dataSource);
    if (incompatible.length > 0 || (newer.length > 0 && missing.length > 0)) {
      const names = newer.join(', ');
      throw new TeamTalkError(
        'unavailable',
        `The database is newer than this version (${names}): migrate with the newer one.`,
      );
    }
    const executor = new MigrationExecutor(dataSource, runner);
    await createNeedsTable(runner);
    const known = new Map(knownMigrations(dataSource).map((each) => [each.name, each]));
    const applied: string[] = [];
    for (const migration of await executor.getPendingMigrations()) {
      const step = known.get(migration.name)!;
      await requireReadyFor(step, runner);
      await inTransaction(runner, async () => {
        await recordMigration(runner, 'schema.up', step.name);
        await executor.executeMigration(migration);
        await recordNeeds(runner, step);
        await grantAccess(runner, grants);
        // Checked again: a program of the old version may have started meanwhile and accepted the old schema.
        await requireReadyFor(step, runner);
      });
      applied.push(migration.name);
      onProgress?.(migration.name);
    }
    if (applied.length === 0) await inTransaction(runner, () => grantAccess(runner, grants));
    return applied;
  });
}

/**
 * Reverts the newest migration, and drops the data it added.
 * @returns its name; undefined when none is applied
 * @throws TeamTalkError `unavailable` when this version does not know it, or when running db_proxy_servers know it and
 * may use it
 */
export function migrateDown(dataSource: DataSource): Promise<string | undefined> {
  return exclusively(dataSource, async (runner) => {
    const executor = new MigrationExecutor(dataSource, runner);
    const newest = (await executor.getExecutedMigrations()).sort((a, b) => b.timestamp - a.timestamp)[0];
    if (!newest) return undefined;
    const { name } = newest;
    if (!knownMigrations(dataSource).some((each) => each.name === name)) {
      throw new TeamTalkError('unavailable', `${name} is of a newer version: take it back with that one.`);
    }
    const number = numberOf(name);
    await requirePrograms(
      runner,
      (level) => level < number,
      `db_proxy_servers run that need ${name}: put the version before in their place first`,
    );
    await inTransaction(runner, async () => {
      await recordMigration(runner, 'schema.down', name);
      await executor.undoLastMigration();
    });
    return name;
  });
}

/** All migrations known to this version or applied to the database, oldest first. */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationState[]> {
  const { missing, newer } = await schemaState(dataSource);
  const known = knownMigrations(dataSource).map(({ name }) => name);
  return [...known, ...newer]
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((name) => ({
      name,
      state: missing.includes(name) ? 'missing' : newer.includes(name) ? 'newer' : 'applied',
    }));
}

/** Explains why `migrateUp` applied nothing. */
export async function whyNothing(dataSource: DataSource): Promise<string> {
  const { newer } = await schemaState(dataSource);
  return newer.length === 0
    ? 'nothing to do: the schema is the newest'
    : `nothing to do: the schema is newer than this version, which works with it (${newer.join(', ')})`;
}

/** Refuses a migration that would break a running older program. */
async function requireReadyFor({ name, needs }: Migration, runner: QueryRunner): Promise<void> {
  if (needs === undefined) return;
  await requirePrograms(
    runner,
    (level) => level >= needs,
    `db_proxy_servers run that do not work with ${name}: finish the upgrade to the version before first`,
  );
}

async function exclusively<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  await requireSessions(poolOf(dataSource));
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    try {
      return await work(runner);
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
    }
  } finally {
    await runner.release();
  }
}

/**
 * Audits a migration, once there is an audit. It has to come first: administrative changes wait for the audit, and may hold
 * nothing that the migration waits for.
 */
async function recordMigration(runner: QueryRunner, verb: string, name: string): Promise<void> {
  const [table] = await runner.query(`SELECT to_regclass('audit_event') IS NOT NULL AS exists`);
  if (!table.exists) return;
  const { name: actor, source } = operator();
  await runner.query('INSERT INTO audit_event (actor, source, verb, resource) VALUES ($1, $2, $3, $4)', [
    actor,
    source,
    verb,
    `migration ${name}`,
  ]);
}

async function inTransaction(runner: QueryRunner, work: () => Promise<unknown>): Promise<void> {
  await runner.startTransaction();
  try {
    await work();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
}
