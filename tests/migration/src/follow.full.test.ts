import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MariadbServer, RedisServer, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OldServers } from './legacy/old-servers.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, usualDatabases } from './legacy/store.js';
import { importWords, teamtalk, unexplained } from './teamtalk.js';

vi.setConfig({ testTimeout: 600_000 });

/** Messages that the old servers take in a second. */
const rate = 200;

let folder: string;
let mariadb: MariadbServer;
let redis: RedisServer;
let database: TestDatabase;
let places: LegacyPlaces;
let env: NodeJS.ProcessEnv;
let servers: OldServers;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'follow-'));
  await chmod(folder, 0o711);
  const at = (name: string) => ({
    dataDir: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    port: 0,
  });
  [mariadb, redis, database] = await Promise.all([
    MariadbServer.start(at('mariadb')),
    RedisServer.start(at('redis')),
    testDatabase(),
  ]);
  places = {
    mysql: mariadb.url,
    redis: redis.url,
    databases: usualDatabases,
    folder: path.join(folder, 'old'),
  };
  await buildLegacyStore({ ...smallStore, seed: 'follow' }, places);
  const storage = path.join(folder, 'storage');
  await mkdir(storage);
  env = { DATABASE_URL: database.url, STORAGE: 'local', STORAGE_DIR: storage };
}, 120_000);

afterAll(async () => {
  await servers?.close();
  await database?.drop();
  await Promise.all([mariadb?.stop(), redis?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

it('keeps up with old servers at work, however often it is killed, until nothing is missing', async () => {
  servers = await OldServers.open(places);
  const working = servers.work(rate);
  const copied = teamtalk(importWords('copy', places), env);
  expect(await copied.ended, copied.output()).toBe(0);

  const begun = servers.messages;
  for (const untilMessages of [100, 700, 1_500]) {
    const following = teamtalk(importWords('follow', places, '--state-every', '1'), env);
    await expect.poll(() => servers.messages - begun, { timeout: 120_000 }).toBeGreaterThan(untilMessages);
    following.child.kill('SIGKILL');
    expect(await following.ended, following.output()).toBe(137);
  }

  const following = teamtalk(
    importWords('follow', places, '--state-every', '2', '--metrics', '127.0.0.1:39117'),
    env,
  );
  await expect.poll(() => metric('lag_seconds'), { timeout: 60_000 }).toBeLessThan(5);
  const seen = servers.messages;
  await expect.poll(() => servers.messages, { timeout: 60_000 }).toBeGreaterThan(seen + 3 * rate);
  await expect.poll(() => metric('lag_seconds'), { timeout: 60_000 }).toBeLessThan(5);
  await expect.poll(() => metric('state_lag_seconds'), { timeout: 60_000 }).toBeLessThan(10);
  servers.stop();
  await working;
  await expect.poll(() => metric('rows_behind'), { timeout: 60_000 }).toBe(0);
  following.child.kill('SIGINT');
  expect(await following.ended, following.output()).toBe(0);

  const last = teamtalk(importWords('follow', places, '--once'), env);
  expect(await last.ended, last.output()).toBe(0);
  expect(await unexplained(places, env)).toEqual([]);
  expect(servers.messages).toBeGreaterThan(2_000);
});

async function metric(name: string): Promise<number> {
  const response = await fetch('http://127.0.0.1:39117/metrics').catch(() => undefined);
  const line = new RegExp(`^teamtalk_import_${name} (.*)$`, 'm').exec((await response?.text()) ?? '');
  return line ? Number(line[1]) : Number.NaN;
}
