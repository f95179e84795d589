import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { LegacyServers, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import { createConnection, type ResultSetHeader } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OldServers } from './legacy/old-servers.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, placesOn } from './legacy/store.js';
import { importWords, teamtalk, unexplained } from './teamtalk.js';

vi.setConfig({ testTimeout: 600_000 });

/** Messages that the old servers take in a second. */
const rate = 200;

let legacy: LegacyServers;
let database: TestDatabase;
let places: LegacyPlaces;
let env: NodeJS.ProcessEnv;
let servers: OldServers;

beforeAll(async () => {
  [legacy, database] = await Promise.all([LegacyServers.start('follow'), testDatabase()]);
  places = placesOn(legacy);
  await buildLegacyStore({ ...smallStore, seed: 'follow' }, places);
  const storage = path.join(legacy.folder, 'storage');
  await mkdir(storage);
  env = { DATABASE_URL: database.url, STORAGE: 'local', STORAGE_DIR: storage };
}, 120_000);

afterAll(async () => {
  await servers?.close();
  await database?.drop();
  await legacy?.stop();
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

it('follows manual deletions in the old tables, deletions that are undone, and a removed group', async () => {
  const sql = await createConnection(places.mysql);
  for (const statement of [
    'UPDATE IMMessage_1 SET status = 1 WHERE status = 0 AND type = 1 ORDER BY id LIMIT 2',
    'UPDATE IMMessage_2 SET status = 0 WHERE status = 1 ORDER BY id LIMIT 1',
    'DELETE FROM IMMessage_3 WHERE status = 0 ORDER BY id DESC LIMIT 1',
    'UPDATE IMGroupMessage_4 SET status = 1 WHERE status = 0 ORDER BY id LIMIT 1',
    `DELETE FROM IMGroup WHERE id = (SELECT groupId FROM IMGroupMessage_5 WHERE status = 0 ORDER BY id LIMIT 1)`,
  ]) {
    const [{ affectedRows }] = await sql.query<ResultSetHeader>(statement);
    expect(affectedRows, statement).toBeGreaterThan(0);
  }
  await sql.end();
  const deleted = await unexplained(places, env);
  expect(deleted).not.toEqual([]);
  const following = teamtalk(importWords('follow', places, '--once'), env);
  expect(await following.ended, following.output()).toBe(0);
  expect(await unexplained(places, env)).toEqual([]);
});

it('compares both sides daily at a given time', async () => {
  const soon = new Date(Date.now() + 70_000);
  const time = `${soon.getHours()}:${String(soon.getMinutes()).padStart(2, '0')}`;
  const following = teamtalk(importWords('follow', places, '--compare-at', time), env);
  await expect
    .poll(() => following.output(), { timeout: 240_000 })
    .toMatch(/compared both sides: 0 unexplained/);
  following.child.kill('SIGINT');
  expect(await following.ended, following.output()).toBe(0);
});

it('does not mistake an empty Redis for one whose users have read everything', async () => {
  const client = new Redis(places.redis);
  await client.flushall();
  client.disconnect();
  const refused = teamtalk(importWords('follow', places, '--once'), env);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    /Redis has lost all keys of the pool .*unread.*: was it started without its snapshot\? What was imported before is kept/,
  );
  const lost = teamtalk(importWords('follow', places, '--once', '--redis-lost'), env);
  expect(await lost.ended, lost.output()).toBe(0);
  expect(await unexplained(places, env)).toEqual([]);
});

async function metric(name: string): Promise<number> {
  const response = await fetch('http://127.0.0.1:39117/metrics').catch(() => undefined);
  const line = new RegExp(`^teamtalk_import_${name} (.*)$`, 'm').exec((await response?.text()) ?? '');
  return line ? Number(line[1]) : Number.NaN;
}
