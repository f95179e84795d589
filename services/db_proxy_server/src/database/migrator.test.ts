import { afterAll, beforeAll, expect, test } from 'vitest';
import { SendersWhoLeft1764000000003 } from '../migrations/1764000000003-senders-who-left.js';
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

test('down restores the schema of the version before', async () => {
  const { dataSource } = database;
  const source = async () => {
    const [row] = await dataSource.query(
      `SELECT string_agg(prosrc, ' ' ORDER BY pronargs) AS prosrc FROM pg_proc WHERE proname = 'append_messages'`,
    );
    return row.prosrc as string;
  };
  const newest = await source();
  expect(newest).toContain('sender_left');
  while ((await migrateDown(dataSource)) !== SendersWhoLeft1764000000003.name);
  expect(await source()).not.toContain('sender_left');
  await migrateUp(dataSource);
  expect(await source()).toBe(newest);
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
