import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import type { Migration } from '../migrations/migration.js';
import { requirePrograms } from './running-programs.js';
import { createNeedsTable, knownMigrations, numberOf, recordNeeds, schemaState } from './schema.js';

export interface MigrationState {
  name: string;
  /** `newer`: applied by a version that knows more than this one */
  state: 'applied' | 'missing' | 'newer';
}

/** Only one process migrates at a time; the others wait here. The number is arbitrary but fixed. */
const migrationLock = 7_366_301_764;

/**
 * Applies what is missing, oldest first, each step in a transaction of its own.
 * @param onProgress told of each step when it is done
 * @returns the names of the steps applied; none where the database is newer than this version and works with it
 * @throws TeamTalkError `unavailable` when the database is newer than this version and either not compatible
 * with it or in want of a step, or when db_proxy_servers run that would not work with a step
 */
export function migrateUp(
  dataSource: DataSource,
  { onProgress }: { onProgress?: (name: string) => void } = {},
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
        await executor.executeMigration(migration);
        await recordNeeds(runner, step);
        // Once more: one of the old version may have started meanwhile, and have found the schema as it was.
        await requireReadyFor(step, runner);
      });
      applied.push(migration.name);
      onProgress?.(migration.name);
    }
    return applied;
  });
}

/**
 * Takes the newest step back, with the data it holds.
 * @returns its name; undefined when none is applied
 * @throws TeamTalkError `unavailable` when this version does not know it, or when db_proxy_servers run that
 * do and so may use it
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
    await executor.undoLastMigration();
    return name;
  });
}

/** Every step this version knows and every other one the database has, oldest first. */
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

/** What to say when nothing was to be applied. */
export async function whyNothing(dataSource: DataSource): Promise<string> {
  const { newer } = await schemaState(dataSource);
  return newer.length === 0
    ? 'nothing to do: the schema is the newest'
    : `nothing to do: the schema is newer than this version, which works with it (${newer.join(', ')})`;
}

/** A step that older programs do not work with waits until none of them runs. */
async function requireReadyFor({ name, needs }: Migration, runner: QueryRunner): Promise<void> {
  if (needs === undefined) return;
  await requirePrograms(
    runner,
    (level) => level >= needs,
    `db_proxy_servers run that do not work with ${name}: finish the upgrade to the version before first`,
  );
}

async function exclusively<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
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
