import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { LegacyServers, PostgresServer } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, placesOn } from './legacy/store.js';
import { importWords, teamtalk, unexplained } from './teamtalk.js';

/** Moments at which each is killed; `KILL_MOMENTS=20` for all that was asked for. */
const moments = Number(process.env.KILL_MOMENTS ?? 2);

vi.setConfig({ testTimeout: 300_000 * (moments + 1) });

let legacy: LegacyServers;
let postgres: PostgresServer;
let places: LegacyPlaces;
let next = 0;
/** How long a copy takes that nobody disturbs, milliseconds; and what it comes to. */
let undisturbed: { ms: number; hashes: unknown };

beforeAll(async () => {
  legacy = await LegacyServers.start('kills');
  postgres = await PostgresServer.start({ ...legacy.place('postgres'), port: 0, durable: false });
  places = placesOn(legacy);
  await buildLegacyStore({ ...smallStore, seed: 'kills' }, places);
  // What Redis has not saved yet it loses when it is killed.
  const client = new Redis(places.redis);
  await client.save();
  client.disconnect();
  const env = await emptyInstallation();
  const begin = performance.now();
  const copying = teamtalk(importWords('copy', places), env);
  expect(await copying.ended, copying.output()).toBe(0);
  undisturbed = { ms: performance.now() - begin, hashes: await hashes(env) };
}, 300_000);

afterAll(async () => {
  await postgres?.stop();
  await legacy?.stop();
});

const victims: Record<string, (kill: (signal: 'SIGKILL') => void) => Promise<void>> = {
  importer: async (kill) => kill('SIGKILL'),
  MariaDB: async () => {
    await legacy.mariadb.kill();
    await legacy.startMariadb();
  },
  Redis: async () => {
    await legacy.redis.kill();
    await legacy.startRedis();
  },
  PostgreSQL: async () => {
    await postgres.kill();
    const place = legacy.place('postgres');
    postgres = await PostgresServer.start({ ...place, port: postgres.port, durable: false });
  },
};

it.each(Object.entries(victims))(
  'a copy during which %s is killed comes to the same, with nothing twice',
  async (_name, kill) => {
    for (let moment = 0; moment < moments; moment++) {
      const env = await emptyInstallation();
      const copying = teamtalk(importWords('copy', places), env);
      const begin = performance.now();
      const at = (undisturbed.ms * (moment + 1)) / (moments + 1);
      let isOver = false;
      void copying.ended.then(() => {
        isOver = true;
      });
      await expect
        .poll(() => isOver || performance.now() - begin >= at, { timeout: 300_000, interval: 5 })
        .toBe(true);
      await kill((signal) => copying.child.kill(signal));
      await copying.ended;
      // What was on its way may have broken with it: the same command continues.
      const again = teamtalk(importWords('copy', places), env);
      expect(await again.ended, again.output()).toBe(0);
      expect(await hashes(env)).toEqual(undisturbed.hashes);
      if (moment === 0) expect(await unexplained(places, env)).toEqual([]);
    }
  },
);

async function emptyInstallation(): Promise<NodeJS.ProcessEnv> {
  const name = `import_${next++}`;
  const admin = new pg.Client(postgres.url);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const storage = path.join(legacy.folder, name);
  await mkdir(storage);
  return { DATABASE_URL: url.href, STORAGE: 'local', STORAGE_DIR: storage };
}

/** What an import comes to, table by table. */
async function hashes({ DATABASE_URL: url }: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const tables = {
    im_user: 'id, name, password_hash, legacy_salt, status, domain',
    department: 'id, name, parent_id, status',
    chat_group: 'id, name, version, status',
    group_member: 't.*',
    conversation: 't.*',
    message: 't.*',
    device_token: 'user_id, client_type, token',
    discovery_item: 't.*',
    file_part: 'task_id, size, key',
    'legacy_import.message_map': 't.*',
    'legacy_import.left_out': 't.*',
    'legacy_import.stored_file': 'key, size, sha256',
  };
  const client = new pg.Client(url);
  await client.connect();
  const found: Record<string, unknown> = {};
  for (const [table, columns] of Object.entries(tables)) {
    const { rows } = await client.query(
      `SELECT count(*), md5(string_agg(r, E'\\n' ORDER BY r)) FROM (SELECT ROW(${columns})::text AS r FROM ${table} t) x`,
    );
    found[table] = rows[0];
  }
  await client.end();
  return found;
}
