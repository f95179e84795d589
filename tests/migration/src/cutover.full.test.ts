import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestCluster } from '@teamtalk/cluster';
import { MariadbServer, RedisServer } from '@teamtalk/local-stack';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OldServers } from './legacy/old-servers.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, usualDatabases } from './legacy/store.js';
import { importWords, teamtalk } from './teamtalk.js';

vi.setConfig({ testTimeout: 900_000 });

/** Messages a second while people work on the old servers. */
const rate = 200;

let folder: string;
let mariadb: MariadbServer;
let redis: RedisServer;
let cluster: TestCluster;
/** The old store, by an account that may only read it. */
let places: LegacyPlaces;
let env: NodeJS.ProcessEnv;
let servers: OldServers | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-'));
  await chmod(folder, 0o711);
  const at = (name: string) => ({
    dataDir: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    port: 0,
  });
  cluster = await TestCluster.start();
  [mariadb, redis] = await Promise.all([MariadbServer.start(at('mariadb')), RedisServer.start(at('redis'))]);
  const all = {
    mysql: mariadb.url,
    redis: redis.url,
    databases: usualDatabases,
    folder: path.join(folder, 'old'),
  };
  await buildLegacyStore({ ...smallStore, seed: 'cutover' }, all);
  places = { ...all, mysql: await account('import', 'SELECT') };
  env = { DATABASE_URL: cluster.database.url, STORAGE: 'local', STORAGE_DIR: cluster.storageFolder };
  const copied = teamtalk(importWords('copy', places), env);
  expect(await copied.ended, copied.output()).toBe(0);
}, 300_000);

afterAll(async () => {
  await servers?.close();
  await cluster?.stop();
  await Promise.all([mariadb?.stop(), redis?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function account(name: string, rights: string): Promise<string> {
  const sql = await createConnection(mariadb.url);
  await sql.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'secret'`);
  await sql.query(`GRANT ${rights} ON teamtalk.* TO '${name}'@'%'`);
  await sql.end();
  const url = new URL(mariadb.url);
  url.username = name;
  url.password = 'secret';
  return url.href;
}

const cutover = (...more: string[]) =>
  teamtalk(importWords('cutover', places, '--quiet', '2', '--report', folder, ...more), env);

it('does not move when something is unexplained', async () => {
  await cluster.sql(
    `UPDATE message SET data = 'other' WHERE id = 1 AND conv = (SELECT min(conv) FROM message)`,
  );
  const refused = cutover();
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    /NO +Is everything there.*\n(.*\n)*no go\n1\. start the old servers again/,
  );
  const [row] = await cluster.sql<{ done: boolean }>(
    `SELECT EXISTS (SELECT FROM legacy_import.step WHERE name = 'cutover') AS done`,
  );
  expect(row?.done).toBe(false);
  await cluster.sql(`TRUNCATE message, conversation`);
  await cluster.sql(`UPDATE legacy_import.followed SET settled = -1, seen = '{}'`);
  await cluster.sql(
    'TRUNCATE legacy_import.message_map, legacy_import.relation, legacy_import.message_relation, legacy_import.left_out',
  );
});

it('waits until the old servers are stopped, brings the rest, verifies and says go within two minutes', async () => {
  servers = await OldServers.open({ ...places, mysql: mariadb.url });
  const working = servers.work(rate);
  const moving = cutover('--within', '10');
  await expect
    .poll(() => moving.output(), { timeout: 400_000 })
    .toMatch(/wait until the old servers are stopped/);
  const seen = servers.messages;
  await expect.poll(() => servers!.messages, { timeout: 200_000 }).toBeGreaterThan(seen + rate);
  servers.stop();
  await working;
  expect(await moving.ended, moving.output()).toBe(0);
  const record = JSON.parse(await readFile(path.join(folder, 'teamtalk-cutover.json'), 'utf8'));
  expect(record).toMatchObject({ decision: 'go' });
  expect(record.closedSeconds).toBeLessThan(120);
  expect(await readFile(path.join(folder, 'teamtalk-cutover.html'), 'utf8')).toContain('Go or no go');
});

it('does not follow any more once the new servers have taken over', async () => {
  const late = teamtalk(importWords('follow', places, '--once'), env);
  expect(await late.ended).toBe(1);
  expect(late.output()).toMatch(/the new servers have taken over/);
});
