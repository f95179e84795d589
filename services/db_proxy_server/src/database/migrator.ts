import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

export interface MigrationState {
  name: string;
  applied: boolean;
}

/** Only one process migrates at a time; the others wait here. The number is arbitrary but fixed. */
const migrationLock = 7_366_301_764;

/**
 * Applies what is missing, oldest first, each step in a transaction of its own.
 * @param onProgress told of each step when it is done
 * @returns the names of the steps applied
 */
export function migrateUp(
  dataSource: DataSource,
  { onProgress }: { onProgress?: (name: string) => void } = {},
): Promise<string[]> {
  return exclusively(dataSource, async (runner) => {
    const executor = new MigrationExecutor(dataSource, runner);
    const applied: string[] = [];
    for (const migration of await executor.getPendingMigrations()) {
      await inTransaction(runner, () => executor.executeMigration(migration));
      applied.push(migration.name);
      onProgress?.(migration.name);
    }
    return applied;
  });
}

/**
 * Takes the newest step back, with the data it holds.
 * @returns its name; undefined when none is applied
 */
export function migrateDown(dataSource: DataSource): Promise<string | undefined> {
  return exclusively(dataSource, async (runner) => {
    const executor = new MigrationExecutor(dataSource, runner);
    const newest = (await executor.getExecutedMigrations()).sort((a, b) => b.timestamp - a.timestamp)[0];
    if (!newest) return undefined;
    await executor.undoLastMigration();
    return newest.name;
  });
}

/** Every step this version knows, oldest first. */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationState[]> {
  const executor = new MigrationExecutor(dataSource);
  const pending = new Set((await executor.getPendingMigrations()).map(({ name }) => name));
  return dataSource.migrations.map((migration) => {
    const name = migration.name ?? migration.constructor.name;
    return { name, applied: !pending.has(name) };
  });
}

/** @throws TeamTalkError `unavailable` that says what to do when steps are missing */
export async function requireSchema(dataSource: DataSource): Promise<void> {
  const missing = (await migrationStatus(dataSource)).filter(({ applied }) => !applied);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new TeamTalkError(
    'unavailable',
    `The database lacks ${missing.length} migration(s) (${names}): run \`teamtalk migrate up\` first.`,
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
