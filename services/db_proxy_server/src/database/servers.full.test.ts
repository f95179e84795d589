import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FaultProxy, PostgresPair, waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OwnerLock } from '../messages/outbox/owner-lock.js';
import { openDataSource } from './data-source.js';
import { Database } from './database.js';
import { migrateUp } from './migrator.js';
import { parseDatabaseUrl, Servers } from './servers.js';

let dir: string;
let pair: PostgresPair;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
  await chmod(dir, 0o711);
  pair = await PostgresPair.start({ dir, durable: false });
}, 60_000);
afterAll(async () => {
  await pair?.stop();
  await rm(dir, { recursive: true, force: true });
});

const insert = { name: 'insert_note', text: 'INSERT INTO note (id) VALUES ($1)' };

test('a URL with several hosts becomes one URL per host, with the required server role', () => {
  expect(parseDatabaseUrl('postgres://u:p@h1:5432,h2/db?sslmode=require')).toEqual({
    urls: ['postgres://u:p@h1:5432/db?sslmode=require', 'postgres://u:p@h2/db?sslmode=require'],
    attributes: 'read-write',
  });
  expect(parseDatabaseUrl('postgresql://h1/db').attributes).toBe('any');
  expect(parseDatabaseUrl('postgres://[::1]:1,[::2]:2/db?target_session_attrs=primary')).toMatchObject({
    urls: [expect.stringContaining('[::1]:1/db'), expect.stringContaining('[::2]:2/db')],
    attributes: 'primary',
  });
  expect(() => parseDatabaseUrl('postgres://h1,h2/db?target_session_attrs=standby')).toThrow(
    'target_session_attrs must be one of any, read-write, primary',
  );
  for (const wrong of ['postgres://h1,,h2/db', 'mysql://h1,h2/db', 'h1,h2', 'postgres://u:p@ss@h1,h2/db']) {
    expect(() => parseDatabaseUrl(wrong), wrong).toThrow('postgres://user:password@host:port,host:port/name');
  }
});

test('a server that dies during the role check refuses the connection and does not end the process', async () => {
  const proxy = await FaultProxy.start(() => [{ host: '127.0.0.1', port: pair.primary.port }]);
  let asked = 0;
  proxy.onBytes = (heading, bytes) => {
    if (heading === 'to-client' || !bytes.includes('transaction_read_only')) return;
    asked++;
    proxy.reset();
  };
  const url = new URL(pair.primary.url);
  url.port = String(proxy.port);
  url.searchParams.set('target_session_attrs', 'read-write');
  const pool = new pg.Pool(new Servers(url.toString()).options);
  pool.on('error', () => {});
  try {
    await expect(pool.connect()).rejects.toThrow('Connection terminated unexpectedly');
    expect(asked).toBe(1);
  } finally {
    await pool.end();
    await proxy.close();
  }
});

test('clients find the primary, and the new one after a promotion', async () => {
  const migrated = await openDataSource(pair.url);
  await migrateUp(migrated);
  await migrated.query('CREATE TABLE note (id int4 PRIMARY KEY)');
  await migrated.destroy();

  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const database = await Database.open({ url: pair.url, poolSize: 4 }, kit);
  const lock = new OwnerLock(new Servers(pair.url), kit);
  await lock.start();
  const locks = () => pair.primary.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`);
  try {
    for (const round of [1, 2]) {
      await Promise.all([1, 2, 3, 4].map((i) => database.query(insert, [round * 10 + i])));
      await pair.killPrimary();
      await expect(database.query(insert, [round])).rejects.toMatchObject({ code: 'unavailable' });
      await pair.promote();
      // A statement in flight on the dead server fails once; from then on the new primary is used.
      await waitUntil(() => database.query(insert, [round]).then(() => true), { what: 'the new primary' });
      await expect.poll(locks).toHaveLength(1);
      await pair.rejoin();
    }
    const rows = await database.query<{ ids: number[] }>(
      { name: 'notes', text: 'SELECT array_agg(id ORDER BY id) AS ids FROM note' },
      [],
    );
    expect(rows[0]?.ids).toEqual([1, 2, 11, 12, 13, 14, 21, 22, 23, 24]);
  } finally {
    await lock.stop();
    await database.close();
  }
}, 120_000);

test('a server that became read-only is abandoned, and named with its reason when there is no other', async () => {
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const database = await Database.open({ url: pair.url, poolSize: 2 }, kit);
  try {
    await database.query(insert, [100]);
    await pair.primary.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await pair.primary.query('SELECT pg_reload_conf()');
    await waitUntil(
      () =>
        database.query(insert, [101]).then(
          () => false,
          (error: Error) =>
            /no server of postgres:.*:\d+: it takes no writes.*:\d+: it takes no writes/.test(error.message),
        ),
      { what: 'no server takes writes' },
    );
    await expect(openDataSource(pair.url)).rejects.toMatchObject({ code: 'unavailable' });
    await pair.primary.query('ALTER SYSTEM RESET default_transaction_read_only');
    await pair.primary.query('SELECT pg_reload_conf()');
    await waitUntil(() => database.query(insert, [102]).then(() => true), { what: 'writes again' });
  } finally {
    await database.close();
  }
}, 60_000);
