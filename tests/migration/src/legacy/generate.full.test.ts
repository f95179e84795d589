import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MariadbServer, RedisServer } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generate } from './generate.js';
import { smallStore } from './options.js';
import { buildLegacyStore, imageFolder, type LegacyPlaces, offlineFolder, usualDatabases } from './store.js';
import type { Truth } from './truth.js';

let folder: string;
let mariadb: MariadbServer;
let redis: RedisServer;
let places: LegacyPlaces;
let truth: Truth;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'legacy-store-'));
  await chmod(folder, 0o711);
  const options = (name: string) => ({
    dataDir: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    port: 0,
  });
  mariadb = await MariadbServer.start(options('mariadb'));
  redis = await RedisServer.start(options('redis'));
  places = {
    mysql: mariadb.url,
    redis: redis.url,
    databases: usualDatabases,
    folder: path.join(folder, 'files'),
  };
  truth = await buildLegacyStore(smallStore, places);
});

afterAll(async () => {
  await redis?.stop();
  await mariadb?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** All tables of the messages of pairs. */
const pairMessages = Array.from({ length: 8 }, (_, n) => `SELECT * FROM IMMessage_${n}`).join(' UNION ALL ');

async function rows(sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: mariadb.url });
  try {
    return (await connection.query<RowDataPacket[]>(sql.replace('PAIRS', `(${pairMessages})`)))[0];
  } finally {
    await connection.end();
  }
}

const filesBelow = async (name: string) =>
  (await readdir(name, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;

it('stores as many rows, fields and files as the truth knows of', async () => {
  for (const [name, { source, imported, leftOut }] of truth.rows) {
    expect(imported + [...leftOut.values()].reduce((sum, n) => sum + n, 0), name).toBe(source);
    if (name.startsWith('IM'))
      expect(await rows(`SELECT COUNT(*) AS n FROM ${name}`), name).toEqual([{ n: source }]);
  }
  expect(await filesBelow(imageFolder(places))).toBe(truth.rows.get('msfs')!.source);
  expect(await filesBelow(offlineFolder(places))).toBe(truth.rows.get('offline_file')!.source);
  const client = new Redis(redis.url, { db: usualDatabases.group_member });
  let members = 0;
  for (const key of await client.keys('group_member_*')) members += await client.hlen(key);
  await client.quit();
  expect(members).toBe(truth.rows.get('redis group_member_*')!.source);
});

it('has every kind of dirt', async () => {
  const reasons = new Set([...truth.rows.values()].flatMap(({ leftOut }) => [...leftOut.keys()]));
  expect([...reasons].sort()).toMatchInlineSnapshot(`
    [
      "admin-account",
      "audio-unused",
      "counter-redundant",
      "discovery-deleted",
      "discovery-empty",
      "file-name",
      "group-gone",
      "id-too-large",
      "member-duplicate",
      "member-left",
      "member-only-in-redis",
      "member-without-group",
      "member-without-user",
      "message-deleted",
      "message-null",
      "message-to-self",
      "message-type",
      "message-without-pair",
      "offline-file-broken",
      "offline-file-fetched",
      "offline-file-without-row",
      "offline-file-without-user",
      "offline-row-without-file",
      "relation-without-messages",
      "session-redundant",
      "shield-without-member",
      "token-desktop",
      "token-reverse",
      "token-without-user",
      "unread-without-peer",
    ]
  `);
  const dirt = {
    'a pair with two relations': 'SELECT 1 FROM IMRelationShip GROUP BY smallId, bigId HAVING COUNT(*) > 1',
    'a number twice': 'SELECT 1 FROM PAIRS m GROUP BY relateId, msgId HAVING COUNT(*) > 1 LIMIT 1',
    'a counter that could not be reached': 'SELECT 1 FROM PAIRS m WHERE msgId = 4294967295 LIMIT 1',
    'messages without a relation':
      'SELECT 1 FROM PAIRS m LEFT JOIN IMRelationShip r ON r.id = relateId WHERE r.id IS NULL LIMIT 1',
    'rows of another pair':
      'SELECT 1 FROM PAIRS m JOIN IMRelationShip r ON r.id = relateId WHERE NOT (fromId IN (smallId, bigId) AND toId IN (smallId, bigId)) LIMIT 1',
    'a session on one side only':
      'SELECT 1 FROM IMRecentSession a LEFT JOIN IMRecentSession b ON b.userId = a.peerId AND b.peerId = a.userId WHERE a.type = 1 AND b.id IS NULL LIMIT 1',
    'a name twice': 'SELECT 1 FROM IMUser GROUP BY name HAVING COUNT(*) > 1 LIMIT 1',
    'spaces at the end': "SELECT 1 FROM IMUser WHERE HEX(name) LIKE '%20' LIMIT 1",
    'an empty salt': "SELECT 1 FROM IMUser WHERE salt = '' LIMIT 1",
    'a hash in upper case': "SELECT 1 FROM IMUser WHERE password REGEXP '[A-F]' LIMIT 1",
    'a text that is cut off': 'SELECT 1 FROM PAIRS m WHERE LENGTH(content) = 4096 LIMIT 1',
    'a clock that was wrong': 'SELECT 1 FROM PAIRS m WHERE created > 4000000000 LIMIT 1',
  };
  for (const [name, sql] of Object.entries(dirt)) {
    expect(await rows(sql.includes('LIMIT') ? sql : `${sql} LIMIT 1`), name).toHaveLength(1);
  }
  const statuses = await rows('SELECT DISTINCT status FROM IMUser');
  expect(new Set(statuses.map(({ status }) => status as number | null))).toEqual(
    new Set([null, 0, 1, 2, 3, 4]),
  );
  const conversations = [...truth.conversations.values()];
  expect(conversations.filter(({ renumberedFrom }) => renumberedFrom > 1).length).toBeGreaterThan(5);
  expect(conversations.filter(({ renumberedFrom }) => renumberedFrom === 0).length).toBeGreaterThan(5);
});

it('is the same store for the same seed, and another one for another', () => {
  const sink = { row() {}, redis() {}, image() {}, offlineFile() {} };
  expect(generate(smallStore, sink)).toEqual(truth);
  expect(generate({ ...smallStore, seed: 'other' }, sink)).not.toEqual(truth);
});
