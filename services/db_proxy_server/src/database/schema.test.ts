import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrations } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { openDataSource } from './data-source.js';
import { migrateDown, migrateUp, migrationStatus, whyNothing } from './migrator.js';
import { connectionName } from './running-programs.js';
import { levelOf, requireSchema } from './schema.js';

// Three versions: this one, one that moves a column (expand), and one that drops the old column (contract).
class Expand2764000000000 implements Migration {
  readonly name = 'Expand2764000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE department ADD COLUMN title text`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE department DROP COLUMN title`);
  }
}
class Contract2764000000001 implements Migration {
  readonly name = 'Contract2764000000001';
  readonly needs = 2764000000000;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE department DROP COLUMN created_at`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE department ADD COLUMN created_at timestamptz`);
  }
}
const level = levelOf(migrations.map((each) => new each()));
const expandLevel = 2764000000000;

let database: TestDatabase;
let thisVersion: DataSource;
let second: DataSource;
let third: DataSource;
let programs: pg.Client[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  thisVersion = database.dataSource;
  second = await openDataSource(database.url, { migrations: [...migrations, Expand2764000000000] });
  third = await openDataSource(database.url, {
    migrations: [...migrations, Expand2764000000000, Contract2764000000001],
  });
});

afterEach(async () => {
  await stopPrograms();
  await Promise.all([second.destroy(), third.destroy()]);
  await database.drop();
});

/** A connection as of a db_proxy_server with this schema level. */
async function startProgram(level: number): Promise<void> {
  const client = new pg.Client({
    connectionString: database.url,
    application_name: `db_proxy_server ${level} store`,
  });
  await client.connect();
  programs.push(client);
}

async function stopPrograms(): Promise<void> {
  await Promise.all(programs.map((each) => each.end()));
  programs = [];
  await expect
    .poll(() =>
      thisVersion.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'db_proxy_server %' AND datname = current_database()`,
      ),
    )
    .toEqual([]);
}

test('a program shows its schema level in its application_name', () => {
  expect(connectionName()).toBe(`db_proxy_server ${level}`);
  expect(connectionName('store')).toBe(`db_proxy_server ${level} store`);
});

test('after an upgrade that only adds, the version before works with the newer schema', async () => {
  await startProgram(level);
  expect(await requireSchema(thisVersion)).toEqual([]);
  expect(await migrateUp(second)).toEqual(['Expand2764000000000']);
  await startProgram(expandLevel);

  // Rollback: nothing needs reverting, and the migration job succeeds and says so.
  expect(await requireSchema(thisVersion)).toEqual(['Expand2764000000000']);
  expect(await migrateUp(thisVersion)).toEqual([]);
  expect(await whyNothing(thisVersion)).toBe(
    'nothing to do: the schema is newer than this version, which works with it (Expand2764000000000)',
  );
  expect((await migrationStatus(thisVersion)).at(-1)).toEqual({
    name: 'Expand2764000000000',
    state: 'newer',
  });
  expect(await whyNothing(second)).toBe('nothing to do: the schema is the newest');
});

test('a migration is refused while a program runs that it would break', async () => {
  await migrateUp(second);
  await startProgram(level);
  await startProgram(expandLevel);
  await expect(migrateUp(third)).rejects.toThrow(
    /^db_proxy_servers run that do not work with Contract2764000000001: finish the upgrade .* \(connected from 127\.0\.0\.1\)$/,
  );
  expect(await requireSchema(second)).toEqual([]);

  await stopPrograms();
  await startProgram(expandLevel);
  expect(await migrateUp(third)).toEqual(['Contract2764000000001']);
  expect(await requireSchema(second)).toEqual(['Contract2764000000001']);
});

test('a program that starts while the migration runs is noticed before the commit', async () => {
  class Slow2764000000001 extends Contract2764000000001 {
    override readonly name = 'Slow2764000000001' as 'Contract2764000000001';
    override async up(runner: QueryRunner): Promise<void> {
      await super.up(runner);
      await startProgram(level);
    }
  }
  await migrateUp(second);
  const slow = await openDataSource(database.url, {
    migrations: [...migrations, Expand2764000000000, Slow2764000000001],
  });
  try {
    await expect(migrateUp(slow)).rejects.toThrow('do not work with Slow2764000000001');
    expect(await requireSchema(thisVersion)).toEqual(['Expand2764000000000']);
    expect(await second.query('SELECT created_at FROM department')).toEqual([]);
  } finally {
    await slow.destroy();
  }
});

test('a version refuses an incompatible schema and does not change it', async () => {
  expect(await migrateUp(third)).toEqual(['Expand2764000000000', 'Contract2764000000001']);
  await expect(requireSchema(thisVersion)).rejects.toThrow(
    /newer than this version and no longer compatible with it \(Contract2764000000001\): run a newer version/,
  );
  await expect(migrateUp(thisVersion)).rejects.toThrow(
    /newer than this version .*: migrate with the newer one/,
  );
  await expect(migrateDown(thisVersion)).rejects.toThrow(
    'Contract2764000000001 is of a newer version: take it back with that one.',
  );
  expect(await requireSchema(second)).toEqual(['Contract2764000000001']);

  expect(await migrateDown(third)).toBe('Contract2764000000001');
  expect(await requireSchema(thisVersion)).toEqual(['Expand2764000000000']);
});

test('a migration is not reverted while programs run that know it', async () => {
  await migrateUp(second);
  await startProgram(expandLevel);
  await expect(migrateDown(second)).rejects.toThrow('db_proxy_servers run that need Expand2764000000000');
  await stopPrograms();
  await startProgram(level);
  expect(await migrateDown(second)).toBe('Expand2764000000000');
  expect(await requireSchema(thisVersion)).toEqual([]);
});

test('a version that does not know a newer schema does not apply missing migrations to it', async () => {
  await migrateUp(second);
  class Other2763000000000 extends Expand2764000000000 {
    override readonly name = 'Other2763000000000' as 'Expand2764000000000';
  }
  const other = await openDataSource(database.url, { migrations: [...migrations, Other2763000000000] });
  try {
    await expect(migrateUp(other)).rejects.toThrow('newer than this version (Expand2764000000000)');
  } finally {
    await other.destroy();
  }
});
