import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LegacyServers, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OldServers } from './legacy/old-servers.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, placesOn } from './legacy/store.js';
import { importWords, teamtalk } from './teamtalk.js';

vi.setConfig({ testTimeout: 300_000 });

let legacy: LegacyServers;
let folder: string;
let database: TestDatabase;
let places: LegacyPlaces;

beforeAll(async () => {
  [legacy, database] = await Promise.all([
    LegacyServers.start('rehearse'),
    testDatabase({ migrated: false }),
  ]);
  folder = legacy.folder;
  places = placesOn(legacy);
  await buildLegacyStore({ ...smallStore, seed: 'rehearse' }, places);
}, 120_000);

afterAll(async () => {
  await database?.drop();
  await legacy?.stop();
});

const rehearse = (...more: string[]) =>
  teamtalk(
    importWords(
      'rehearse',
      places,
      '--write-mysql',
      places.mysql,
      '--quiet',
      '2',
      '--report',
      folder,
      ...more,
    ),
    { DATABASE_URL: database.url, STORAGE: 'local', STORAGE_DIR: path.join(folder, 'storage') },
  );

async function old(sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(places.mysql);
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  await connection.end();
  return rows;
}

/** Anything that a rehearsal might have left behind. */
async function traces(): Promise<unknown[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client.query(
    `SELECT 'new' AS place FROM pg_namespace WHERE nspname = 'legacy_import'`,
  );
  await client.end();
  return [...rows, ...(await old(`SHOW TABLES LIKE 'teamtalk_returned'`))];
}

it('refuses a store that is in use, and leaves it unchanged', async () => {
  const servers = await OldServers.open(places);
  const idle = rehearse();
  expect(await idle.ended).toBe(1);
  expect(idle.output()).toMatch(
    /this MySQL or Redis has other clients \(connections: \d+\).*Nothing was written/,
  );
  const working = servers.work(20);
  const busy = rehearse();
  expect(await busy.ended).toBe(1);
  expect(busy.output()).toMatch(/this store is being written to, so it is not a copy. Nothing was written/);
  servers.stop();
  await working;
  await servers.close();
  expect(await traces()).toEqual([]);
});

it('refuses to read from one store and write to another', async () => {
  await old('CREATE DATABASE other');
  const words = importWords('rehearse', places, '--quiet', '1', '--report', folder);
  const other = teamtalk([...words, '--write-mysql', places.mysql.replace(/teamtalk$/, 'other')], {
    DATABASE_URL: database.url,
    STORAGE_DIR: path.join(folder, 'storage'),
  });
  expect(await other.ended).toBe(1);
  expect(other.output()).toMatch(/--mysql and --write-mysql are not the same database/);
  expect(await traces()).toEqual([]);
});

it('runs through the cutover and back, and finds no differences', async () => {
  const files = await readdir(places.folder, { recursive: true });
  const rehearsing = rehearse('--follow', '8', '--rate', '50', '--messages', '450', '--json');
  const status = await rehearsing.ended;
  const line = rehearsing
    .output()
    .split('\n')
    .findLast((each) => each.startsWith('{'));
  const record = JSON.parse(line ?? rehearsing.output());
  expect(
    record.criteria.filter(({ isMet }: { isMet: boolean }) => !isMet),
    rehearsing.output(),
  ).toEqual([]);
  expect(status).toBe(0);
  expect(record).toMatchObject({
    decision: 'go',
    cutover: { decision: 'go' },
    figures: { newMessages: 450, returnedMessages: 450 },
  });
  expect(record.figures.followedMessages).toBeGreaterThan(100);
  expect(record.steps.map(({ name }: { name: string }) => name)).toEqual([
    'inspect and copy',
    'follow for 8 s, 50 messages a second',
    'cutover',
    'store messages as the new servers do',
    'write back',
    'write back again, which changes nothing',
    'verify that both sides are the same',
  ]);
  expect(await readdir(places.folder, { recursive: true })).toEqual(files);
  expect(await readFile(path.join(folder, 'teamtalk-rehearsal.html'), 'utf8')).toContain('Go or no go');
});

it('needs a new copy of the store for each rehearsal', async () => {
  const again = rehearse();
  expect(await again.ended).toBe(1);
  expect(again.output()).toMatch(/this store was used in a rollback or rehearsal before/);
});
