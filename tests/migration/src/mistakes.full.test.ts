import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LegacyServers, PostgresServer, testDatabase } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { smallStore } from './legacy/options.js';
import {
  buildLegacyStore,
  imageFolder,
  type LegacyPlaces,
  placesOn,
  usualDatabases,
} from './legacy/store.js';
import { importWords, teamtalk, unexplained } from './teamtalk.js';

vi.setConfig({ testTimeout: 300_000 });

let legacy: LegacyServers;
let folder: string;
let places: LegacyPlaces;
/** The content of the old store before the tests. */
let before: string;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  legacy = await LegacyServers.start('mistakes');
  folder = legacy.folder;
  places = placesOn(legacy);
  await buildLegacyStore({ ...smallStore, seed: 'mistakes' }, places);
  await save();
  before = await oldStore();
}, 180_000);

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  expect(await oldStore(), 'the old store').toBe(before);
});

afterAll(async () => {
  await legacy?.stop();
});

/** Makes Redis save, since a kill loses unsaved data. */
async function save(): Promise<void> {
  const client = new Redis(places.redis);
  await client.save();
  client.disconnect();
}

/** A hash of every table, key and file name in the old store. */
async function oldStore(): Promise<string> {
  const hash = createHash('sha256');
  const sql = await createConnection(places.mysql);
  const [tables] = await sql.query<RowDataPacket[]>('SHOW TABLES');
  const names = tables.flatMap((row) => Object.values(row) as string[]);
  const [sums] = await sql.query<RowDataPacket[]>(`CHECKSUM TABLE ${names.join(', ')}`);
  hash.update(JSON.stringify(sums));
  await sql.end();
  for (const db of new Set(Object.values(places.databases))) {
    const client = new Redis(places.redis, { db });
    for (const key of (await client.keys('*')).sort())
      hash.update(key).update((await client.dumpBuffer(key))!);
    client.disconnect();
  }
  hash.update((await readdir(places.folder, { recursive: true })).sort().join('\n'));
  return hash.digest('hex');
}

interface Installation {
  env: NodeJS.ProcessEnv;
  rows(sql: string): Promise<unknown[]>;
}

let next = 0;

async function installation(options: { migrated: boolean } = { migrated: false }): Promise<Installation> {
  const database = await testDatabase(options);
  cleanUps.push(() => database.drop());
  return installationAt(database.url);
}

async function installationAt(url: string): Promise<Installation> {
  const storage = path.join(folder, `storage-${next++}`);
  await mkdir(storage);
  return {
    env: { DATABASE_URL: url, STORAGE: 'local', STORAGE_DIR: storage },
    async rows(sql) {
      const client = new pg.Client(url);
      client.on('error', () => {});
      await client.connect();
      try {
        return (await client.query({ text: sql, rowMode: 'array' })).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** The tables and files that an import has left behind. */
async function traces({ env, rows }: Installation): Promise<unknown[]> {
  const tables = await rows(
    `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'legacy_import') AND c.relkind = 'r'`,
  );
  return [...tables, ...(await filesOf(env.STORAGE_DIR!))];
}

async function filesOf(place: string): Promise<string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const copy = ({ env }: Installation, ...more: string[]) =>
  teamtalk([...importWords('copy', places), ...more], env);

/** Expects that the same command, run again, completes the import without missing or duplicate rows. */
async function expectToContinue(here: Installation): Promise<void> {
  const again = copy(here);
  expect(await again.ended, again.output()).toBe(0);
  expect(await unexplained(places, here.env)).toEqual([]);
}

it('reports a wrong key and imports nothing', async () => {
  const here = await installation();
  const wrong = copy(here, '--text-key', 'x'.repeat(32));
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toMatch(
    /the text key decrypts only 0 of \d+ sampled texts, so it is the wrong one. The right one is aesKey in dbproxyserver.conf/,
  );
  expect(await traces(here)).toEqual([]);
});

it('reports a wrong Redis database number with the right one, and imports nothing', async () => {
  const here = await installation();
  for (const [pool, number] of [
    ['unread', 9],
    ['group_set', 1],
    ['token', 5],
    ['group_member', 4],
  ] as const) {
    const numbers = Object.entries({ ...usualDatabases, [pool]: number }).map((each) => each.join('='));
    const wrong = copy(here, '--db-numbers', numbers.join(','));
    expect(await wrong.ended).toBe(1);
    const right = usualDatabases[pool];
    expect(wrong.output()).toContain(
      `Redis database ${number} has nothing of the pool ${pool}, but database ${right} has: see ${pool}_db in dbproxyserver.conf, and say --db-numbers ${pool}=${right}`,
    );
  }
  expect(await traces(here)).toEqual([]);
});

it('names a user that already exists, and leaves them unchanged', async () => {
  const here = await installation({ migrated: true });
  await here.rows(`INSERT INTO im_user (id, name, password_hash) VALUES (7, 'here', 'hash')`);
  const refused = copy(here);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    /this installation is not empty: user 7 \(here, since \d{4}-\d\d-\d\d\) is already here. .* Nothing was changed/,
  );
  expect(await here.rows('SELECT id, name, password_hash FROM im_user')).toEqual([[7, 'here', 'hash']]);
  for (const table of ['department', 'chat_group', 'group_member', 'message', 'conversation', 'device_token'])
    expect(await here.rows(`SELECT FROM ${table}`), table).toEqual([]);
  expect(await here.rows(`SELECT to_regnamespace('legacy_import')`)).toEqual([[null]]);
  expect(await filesOf(here.env.STORAGE_DIR!)).toEqual([]);
});

it('reports a MySQL that goes down during the import; the same command continues', async () => {
  const here = await installation();
  const copying = await untilReading(here);
  await legacy.mariadb.kill();
  expect(await copying.ended).toBe(1);
  expect(copying.output()).toMatch(
    /MySQL at \S+ does not answer .*Nothing is lost: the same command continues where it was/,
  );
  await legacy.startMariadb();
  await expectToContinue(here);
});

it('reports a Redis that is down from the start or goes down later; the same command continues', async () => {
  const here = await installation();
  await legacy.redis.stop();
  const away = copy(here);
  expect(await away.ended).toBe(1);
  expect(away.output()).toMatch(
    /Redis at \S+ does not answer .*Nothing is lost: the same command continues where it was/,
  );
  expect(await traces(here)).toEqual([]);
  await legacy.startRedis();
  await expectToContinue(here);
  const following = teamtalk(importWords('follow', places, '--state-every', '1'), here.env);
  await expect.poll(() => following.output(), { timeout: 60_000 }).toMatch(/everything else up to \d/);
  await legacy.redis.kill();
  await expect.poll(() => following.output(), { timeout: 60_000 }).toMatch(/Redis at \S+ does not answer/);
  await legacy.startRedis();
  following.child.kill('SIGINT');
  expect(await following.ended, following.output()).toBe(0);
  expect(await unexplained(places, here.env)).toEqual([]);
});

it('reports a file storage on another disk without room for the images, and imports nothing', async () => {
  const here = await installation();
  const storage = await mkdtemp('/dev/shm/mistakes-');
  cleanUps.push(() => rm(storage, { recursive: true, force: true }));
  here.env.STORAGE_DIR = storage;
  const { bavail, bsize } = await statfs(storage);
  const [image] = (await readdir(imageFolder(places), { recursive: true })).filter((name) =>
    /^\d{3}.\d{3}$/.test(name),
  );
  const large = path.join(imageFolder(places), image!, '1_1.png');
  await writeFile(large, '');
  cleanUps.push(() => rm(large));
  await truncate(large, bavail * bsize + 1_000_000_000);
  const refused = copy(here);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    /STORAGE_DIR does not have enough disk space: \S+ [MG]B free in \S+, about \S+ GB needed for offline files, and for images if they are on another file system. Nothing was changed/,
  );
  expect(await traces(here)).toEqual([]);
});

// Only root may mount a small disk.
it.runIf(process.getuid?.() === 0)(
  'reports a full disk; once there is room, the same command continues',
  async () => {
    const disk = path.join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m,mode=0755', 'tmpfs', disk]);
    cleanUps.push(async () => void execFileSync('umount', [disk]));
    const place = { dataDir: path.join(disk, 'postgres'), logFile: path.join(folder, 'postgres.log') };
    let postgres = await PostgresServer.start({ ...place, port: 0, durable: false });
    cleanUps.push(() => postgres.stop());
    const here = await installationAt(postgres.url);
    const copying = await untilReading(here);
    const ballast = path.join(disk, 'ballast');
    await fill(ballast);
    expect(await copying.ended).toBe(1);
    expect(copying.output()).toMatch(
      /PostgreSQL at \S+ (has no disk space left|does not answer).* Nothing is lost: .*the same command continues/,
    );
    const early = copy(await installationAt(postgres.url.replace(/[^/]*$/, 'postgres')));
    expect(await early.ended).toBe(1);
    expect(early.output()).toMatch(
      /enough disk space: \d+ MB free in .* needed.*Nothing was changed|does not answer/,
    );
    await rm(ballast);
    if (await isOver(postgres))
      postgres = await PostgresServer.start({ ...place, port: postgres.port, durable: false });
    await expectToContinue(here);
  },
);

/** Starts a slow copy and waits until it has read some messages. */
async function untilReading(here: Installation): Promise<ReturnType<typeof teamtalk>> {
  const copying = copy(here, '--max-load', '10');
  const staged = () =>
    here.rows('SELECT FROM legacy_import.staged').then(
      ({ length }) => length,
      () => 0,
    );
  await expect.poll(staged, { timeout: 240_000 }).toBeGreaterThan(1);
  return copying;
}

/** Writes to a file until its disk is full. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (const size of [1 << 20, 1 << 12]) {
      for (;;) {
        const written = await handle.write(Buffer.alloc(size)).then(
          ({ bytesWritten }) => bytesWritten,
          () => 0,
        );
        if (written < size) break;
      }
    }
  } finally {
    await handle.close();
  }
}

async function isOver(postgres: PostgresServer): Promise<boolean> {
  return Promise.race([postgres.exited.then(() => true), Promise.resolve(false)]);
}
