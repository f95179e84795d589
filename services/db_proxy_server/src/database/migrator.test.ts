import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { openDataSource } from './data-source.js';
import { migrateDown, migrateUp, migrationStatus } from './migrator.js';
import { requireSchema } from './schema.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrate: false });
});
afterAll(() => database.drop());

async function tables(): Promise<string[]> {
  const rows: { name: string }[] = await database.dataSource.query(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND relkind IN ('r', 'p', 'S') AND relname NOT LIKE 'schema_migration%' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function functions(): Promise<unknown[]> {
  return database.dataSource.query(
    `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
  );
}

/** Functions with their text, and columns of tables, views and indexes. */
async function schemaOf(dataSource: DataSource): Promise<unknown[]> {
  return [
    await dataSource.query(
      `SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
    ),
    await dataSource.query(
      `SELECT attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull, attstorage
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
          AND relname NOT LIKE 'schema_migration%' ORDER BY 1, attnum`,
    ),
  ];
}

test('a service refuses a database without its tables and names the fix', async () => {
  await expect(requireSchema(database.dataSource)).rejects.toThrow('run `teamtalk migrate up` first');
});

test('migrates up, down step by step to an empty schema, and up again to the same schema', async () => {
  const { dataSource } = database;
  const names = migrations.map((Migration) => new Migration().name);
  const done: string[] = [];
  const applied = await migrateUp(dataSource, { onProgress: (name) => done.push(name) });
  expect(applied).toEqual(names);
  expect(done).toEqual(applied);
  await requireSchema(dataSource);
  const full = await tables();
  expect(full).toContain('im_user');
  expect(full).toContain('message');

  expect(await migrateDown(dataSource)).toBe(names.at(-1));
  expect(await migrationStatus(dataSource)).toEqual(
    names.map((name) => ({ name, state: name === names.at(-1) ? 'missing' : 'applied' })),
  );
  for (const name of names.slice(0, -1).reverse()) expect(await migrateDown(dataSource)).toBe(name);
  expect(await tables()).toEqual([]);
  expect(await functions()).toEqual([]);
  expect(await migrateDown(dataSource)).toBeUndefined();

  await migrateUp(dataSource);
  expect(await tables()).toEqual(full);
  expect(await migrateUp(dataSource)).toEqual([]);
});

test('each down restores the functions and tables of the version before', async () => {
  const { dataSource, url } = database;
  while (await migrateDown(dataSource));
  const before: unknown[] = [];
  for (const end of migrations.keys()) {
    before.push(await schemaOf(dataSource));
    const older = await openDataSource(url, { migrations: migrations.slice(0, end + 1) });
    try {
      expect(await migrateUp(older)).toHaveLength(1);
    } finally {
      await older.destroy();
    }
  }
  for (const schema of before.reverse()) {
    await migrateDown(dataSource);
    expect(await schemaOf(dataSource)).toEqual(schema);
  }
});

test('two processes can migrate concurrently', async () => {
  while (await migrateDown(database.dataSource));
  const other = await openDataSource(database.url);
  try {
    const applied = await Promise.all([migrateUp(database.dataSource), migrateUp(other)]);
    expect(applied.map((names) => names.length).sort()).toEqual([0, migrations.length]);
  } finally {
    await other.destroy();
  }
});

test('the entities match the tables', async () => {
  await migrateUp(database.dataSource);
  for (const { tableName, columns } of database.dataSource.entityMetadatas) {
    const rows: { name: string; type: string }[] = await database.dataSource.query(
      `SELECT attname AS name, atttypid::regtype::text AS type FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0`,
      [tableName],
    );
    const inTable = new Map(rows.map(({ name, type }) => [name, type]));
    const sqlNames: Record<string, string> = {
      int2: 'smallint',
      int4: 'integer',
      bool: 'boolean',
      timestamptz: 'timestamp with time zone',
    };
    const inEntity = new Map(
      columns.map(({ databaseName, type }) => [databaseName, sqlNames[String(type)] ?? String(type)]),
    );
    expect(inTable, tableName).toEqual(inEntity);
  }
});
