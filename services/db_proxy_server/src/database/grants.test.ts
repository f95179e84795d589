import { randomBytes } from 'node:crypto';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataSource } from './data-source.js';
import { migrateUp } from './migrator.js';

const name = `test_${randomBytes(4).toString('hex')}`;
const writer = { name: `${name}_writer`, password: `it's a secret` };
const reader = { name: `${name}_reader`, password: 'another' };

let database: TestDatabase;
let owner: DataSource;
const clients: pg.Client[] = [];
let asWriter: pg.Client;
let asReader: pg.Client;
beforeAll(async () => {
  database = await testDatabase({ migrated: false });
  owner = await openDataSource(database.url);
  await migrateUp(owner, { grants: { write: writer, read: reader } });
  asWriter = await connect(writer);
  asReader = await connect(reader);
}, 60_000);
afterAll(async () => {
  for (const client of clients) await client.end();
  for (const role of [writer, reader]) {
    await owner?.query(`DROP OWNED BY ${role.name}`);
    await owner?.query(`DROP ROLE ${role.name}`);
  }
  await owner?.destroy();
  await database?.drop();
});

async function connect(role: { name: string; password: string }): Promise<pg.Client> {
  const url = new URL(database.url);
  url.username = role.name;
  url.password = encodeURIComponent(role.password);
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  clients.push(client);
  return client;
}

const insufficientPrivilege = { code: '42501' };

test('each role may do with each table what it needs, and nothing else', async () => {
  const exceptions: Record<string, string[]> = {
    audit_event: ['SELECT', 'INSERT'],
    audit_head: ['SELECT'],
    schema_migration: ['SELECT'],
    schema_migration_needs: ['SELECT'],
  };
  const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];
  const tables: { name: string }[] = await owner.query(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')`,
  );
  expect(tables.map((table) => table.name)).toEqual(expect.arrayContaining(Object.keys(exceptions)));
  const wrong: string[] = [];
  let cells = 0;
  for (const table of tables) {
    const expected = {
      [writer.name]: exceptions[table.name] ?? ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
      [reader.name]: ['SELECT'],
    };
    for (const [role, allowed] of Object.entries(expected)) {
      for (const privilege of privileges) {
        const [row] = await owner.query('SELECT has_table_privilege($1, $2, $3) AS has', [
          role,
          table.name,
          privilege,
        ]);
        cells++;
        if (row.has !== allowed.includes(privilege))
          wrong.push(`${role}: ${privilege} ${table.name} is ${row.has}`);
      }
    }
  }
  console.log(`roles of PostgreSQL: ${tables.length} tables, ${cells} cells, ${wrong.length} wrong`);
  expect(wrong).toEqual([]);
});

test.each([
  'DROP TABLE message',
  'ALTER TABLE message ADD COLUMN more int',
  'TRUNCATE message',
  'CREATE TABLE mine (id int)',
  'CREATE INDEX mine ON message (id)',
  'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'ALTER TABLE audit_event DISABLE TRIGGER ALL',
  `UPDATE audit_event SET actor = 'nobody'`,
  'DELETE FROM audit_event',
  'TRUNCATE audit_event',
  'UPDATE audit_head SET id = 0',
  'DELETE FROM schema_migration',
  `INSERT INTO schema_migration_needs VALUES ('x', 1)`,
  'CREATE ROLE mine',
])('the role of db_proxy_server is refused: %s', async (statement) => {
  await expect(asWriter.query(statement)).rejects.toMatchObject(insufficientPrivilege);
});

test('it records audit events and has old ones removed, by the function alone', async () => {
  const insert = `INSERT INTO audit_event (actor, source, verb, resource) VALUES ('app x', 'here', 'user.add', 'user 1') RETURNING id`;
  const { rows } = await asWriter.query(insert);
  expect(Number(rows[0].id)).toBeGreaterThan(0);
  await owner.query('ALTER TABLE audit_event DISABLE TRIGGER audit_event_keep');
  await owner.query(`UPDATE audit_event SET at = now() - interval '40 days'`);
  await owner.query('ALTER TABLE audit_event ENABLE TRIGGER audit_event_keep');
  const expired = await asWriter.query(
    `SELECT expire_audit_events(now() - interval '31 days', 1000) AS removed`,
  );
  expect(Number(expired.rows[0].removed)).toBeGreaterThan(0);
});

test('the role of backups reads everything and writes nothing', async () => {
  await expect(asReader.query('SELECT * FROM audit_head')).resolves.toBeDefined();
  await expect(asReader.query('SELECT last_value FROM login_seq')).resolves.toBeDefined();
  for (const statement of ['DELETE FROM message', `SELECT nextval('login_seq')`, 'DROP TABLE message']) {
    await expect(asReader.query(statement)).rejects.toMatchObject(insufficientPrivilege);
  }
});

test('what the owner makes later is granted when it is made; what was given besides is taken away', async () => {
  await owner.query('CREATE TABLE later (id serial PRIMARY KEY)');
  await owner.query(`GRANT UPDATE, DELETE ON audit_event TO ${writer.name}`);
  await expect(asWriter.query('INSERT INTO later DEFAULT VALUES')).resolves.toBeDefined();
  await expect(asReader.query('SELECT * FROM later')).resolves.toBeDefined();
  await expect(asReader.query('DELETE FROM later')).rejects.toMatchObject(insufficientPrivilege);
  expect(await migrateUp(owner, { grants: { write: writer, read: reader } })).toEqual([]);
  await expect(asWriter.query('DELETE FROM audit_event WHERE false')).rejects.toMatchObject(
    insufficientPrivilege,
  );
});

test('a role that does not exist, that owns the tables, or that nothing restricts is refused', async () => {
  const grants = (role: string) => migrateUp(owner, { grants: { write: { name: role } } });
  await expect(grants(`${name}_missing`)).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('CREATE ROLE'),
  });
  const [{ own }] = await owner.query('SELECT current_user AS own');
  await expect(grants(own)).rejects.toMatchObject({ message: expect.stringContaining('owns the tables') });
  await owner.query(`CREATE ROLE ${name}_super SUPERUSER`);
  await expect(grants(`${name}_super`)).rejects.toMatchObject({
    message: expect.stringContaining('superuser'),
  });
  await owner.query(`DROP ROLE ${name}_super`);
});
