import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TeamTalkClient } from '@teamtalk/client';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { LegacyServers, legacySchema, testDatabase } from '@teamtalk/local-stack';
import { Commands, MsgType } from '@teamtalk/protocol';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OldServers } from './legacy/old-servers.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, placesOn } from './legacy/store.js';
import type { Truth } from './legacy/truth.js';
import { missingFrom, type Sent } from './sent-messages.js';
import { importWords, teamtalk, unexplained } from './teamtalk.js';

vi.setConfig({ testTimeout: 900_000 });

/** Messages a second while people work, on the old servers and on the new ones. */
const rate = 200;
/** Seconds of work on the new servers. */
const workSeconds = Number(process.env.ROLLBACK_SECONDS ?? 15);
const people = 10;

let legacy: LegacyServers;
let folder: string;
let cluster: TestCluster;
/** The old store, by an account that may only read it. */
let places: LegacyPlaces;
let writeMysql: string;
let truth: Truth;
let env: NodeJS.ProcessEnv;
let servers: OldServers | undefined;

beforeAll(async () => {
  cluster = await TestCluster.start();
  legacy = await LegacyServers.start('cutover');
  folder = legacy.folder;
  const all = placesOn(legacy);
  truth = await buildLegacyStore({ ...smallStore, seed: 'cutover' }, all);
  places = { ...all, mysql: await account('import', 'SELECT') };
  writeMysql = await account('returner', 'SELECT, INSERT, UPDATE, CREATE');
  env = { DATABASE_URL: cluster.database.url, STORAGE: 'local', STORAGE_DIR: cluster.storageFolder };
  const copied = teamtalk(importWords('copy', places), env);
  expect(await copied.ended, copied.output()).toBe(0);
}, 300_000);

afterAll(async () => {
  await servers?.close();
  await cluster?.stop();
  await legacy?.stop();
});

async function account(name: string, rights: string): Promise<string> {
  const sql = await createConnection(legacy.mariadb.url);
  await sql.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'secret'`);
  await sql.query(`GRANT ${rights} ON teamtalk.* TO '${name}'@'%'`);
  await sql.end();
  const url = new URL(legacy.mariadb.url);
  url.username = name;
  url.password = 'secret';
  return url.href;
}

const cutover = (...more: string[]) =>
  teamtalk(importWords('cutover', places, '--quiet', '2', '--report', folder, ...more), env);

it('does not write back before the new servers have taken over', async () => {
  const early = teamtalk(importWords('rollback', places, '--write-mysql', writeMysql, '--once'), env);
  expect(await early.ended).toBe(1);
  expect(early.output()).toMatch(/have not taken over: `teamtalk import cutover` comes first/);
});

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

it('continues after a kill during the verification', async () => {
  const killed = cutover();
  await expect.poll(() => killed.output(), { timeout: 120_000 }).toMatch(/Z verify /);
  killed.child.kill('SIGKILL');
  expect(await killed.ended).toBe(137);
});

it('waits until the old servers are stopped, brings the rest, verifies and says go within two minutes', async () => {
  servers = await OldServers.open({ ...places, mysql: legacy.mariadb.url });
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

it('refuses to write back into a database other than the one that was moved', async () => {
  const sql = await createConnection({ uri: legacy.mariadb.url, multipleStatements: true });
  await sql.query('CREATE DATABASE elsewhere; USE elsewhere');
  for (const statement of legacySchema()) await sql.query(statement);
  const elsewhere = legacy.mariadb.url.replace(/teamtalk$/, 'elsewhere');
  const wrong = teamtalk(importWords('rollback', places, '--write-mysql', elsewhere, '--once'), env);
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toMatch(/--write-mysql is not the imported database/);
  const [tables] = await sql.query<RowDataPacket[]>(`SHOW TABLES LIKE 'teamtalk_returned%'`);
  expect(tables).toEqual([]);
  await sql.query('DROP DATABASE elsewhere');
  await sql.end();
});

it('brings everything back that happens on the new servers, with its numbers', async () => {
  const clients = await Promise.all(
    (await peopleWhoWork()).map(({ name, password }) => cluster.connect(name, { password })),
  );
  const words = importWords('rollback', places, '--write-mysql', writeMysql);
  const before = await rowCount();
  const sent: Sent[] = [];
  const deadline = performance.now() + workSeconds * 1_000;
  const groups = await makeGroups(clients);
  const working = work(clients, groups, sent, () => performance.now() > deadline);
  for (const until of [0.3, 0.6]) {
    const returning = teamtalk([...words, '--every', '1'], env);
    await expect
      .poll(() => deadline - performance.now(), { timeout: 600_000 })
      .toBeLessThan((1 - until) * workSeconds * 1_000);
    returning.child.kill('SIGKILL');
    await returning.ended;
  }
  await working;
  await cluster.settle();
  // Of other conversations the old store has counts of its own, larger than their messages.
  const ids = clients.map(({ userId }) => userId);
  const touched = new Set([...ids.map((id) => `1/${id}`), ...groups.map((id) => `2/${id}`)]);
  const unread = await Promise.all(
    clients.map(async (client) => ({
      user: client.userId,
      sessions: (await client.unread()).sessions.filter((each) =>
        touched.has(`${each.sessionType}/${each.sessionId}`),
      ),
    })),
  );
  expect(unread.flatMap(({ sessions }) => sessions).length).toBeGreaterThan(people);

  const last = teamtalk([...words, '--once', '--json'], env);
  expect(await last.ended, last.output()).toBe(0);
  expect(sent.length).toBeGreaterThan(workSeconds * 20);
  expect((await rowCount()) - before).toBe(sent.length);
  expect(await missingFrom({ ...places, mysql: legacy.mariadb.url }, sent, unread)).toEqual([]);
  const again = teamtalk([...words, '--once', '--json'], env);
  expect(await again.ended, again.output()).toBe(0);
  expect((await rowCount()) - before).toBe(sent.length);
  expect(await countersBehind()).toEqual([]);
});

it('continues to write back when the old database is available again', async () => {
  const [one, other] = await peopleWhoWork();
  const client = await cluster.connect(one!.name, { password: one!.password });
  const peer = await cluster.connect(other!.name, { password: other!.password });
  const returning = teamtalk(
    importWords('rollback', places, '--write-mysql', writeMysql, '--every', '1'),
    env,
  );
  for (const text of ['before', 'after']) {
    const before = await rowCount();
    await client.send({ user: peer.userId }, text);
    await expect.poll(rowCount, { timeout: 60_000 }).toBe(before + 1);
    if (text === 'after') break;
    await legacy.mariadb.kill();
    await expect.poll(() => returning.output(), { timeout: 60_000 }).toMatch(/MySQL at /);
    await legacy.startMariadb();
  }
  returning.child.kill('SIGINT');
  const begin = performance.now();
  expect(await returning.ended, returning.output()).toBe(0);
  expect(performance.now() - begin).toBeLessThan(30_000);
});

it('leaves an old store that migrates again to the same messages, members and unread counts, and back', async () => {
  const other = await testDatabase();
  const storage = path.join(folder, 'storage-again');
  const there = { ...env, DATABASE_URL: other.url, STORAGE_DIR: storage };
  const copied = teamtalk(importWords('copy', places), there);
  expect(await copied.ended, copied.output()).toBe(0);
  expect(await unexplained(places, there)).toEqual([]);
  const client = new pg.Client(other.url);
  await client.connect();
  for (const [what, query] of Object.entries(same)) {
    const theirs = (await client.query(query)).rows;
    expect(theirs, what).toEqual(await cluster.sql(query));
  }
  await client.end();
  const moved = teamtalk(importWords('cutover', places, '--quiet', '1', '--report', folder), there);
  expect(await moved.ended, moved.output()).toBe(0);
  const rows = await rowCount();
  const back = teamtalk(importWords('rollback', places, '--write-mysql', writeMysql, '--once'), there);
  expect(await back.ended, back.output()).toBe(0);
  expect(back.output()).toMatch(/^0 messages were written back/m);
  expect(await rowCount()).toBe(rows);
  await other.drop();
});

it('refuses to write back once the old servers have run again', async () => {
  const again = await OldServers.open({ ...places, mysql: legacy.mariadb.url });
  const seen = again.messages;
  const working = again.work(rate);
  await expect.poll(() => again.messages, { timeout: 60_000 }).toBeGreaterThan(seen + 20);
  again.stop();
  await working;
  await again.close();
  const counters = await countersOf();
  const late = teamtalk(importWords('rollback', places, '--write-mysql', writeMysql, '--once'), env);
  expect(await late.ended).toBe(1);
  expect(late.output()).toMatch(/has messages from after the cutover, so the old servers have run since/);
  expect(await countersOf()).toEqual(counters);
});

/** Conversations whose messages the import renumbered and whose counter lags behind, so that ids would be assigned twice. */
async function countersBehind(): Promise<string[]> {
  const changed = await cluster.sql<{ conv: string; last: number }>(
    `SELECT conv::text, last_id AS last FROM conversation c
      WHERE EXISTS (SELECT FROM legacy_import.message_map m WHERE m.conv = c.conv)`,
  );
  expect(changed.length).toBeGreaterThan(0);
  const sql = await createConnection(legacy.mariadb.url);
  const counters = await countersOf();
  const behind: string[] = [];
  for (const { conv, last } of changed) {
    const number = BigInt(conv);
    let key = `group_msg_id_${conv}`;
    if (number >= 1n << 32n) {
      const [relations] = await sql.query<RowDataPacket[]>(
        'SELECT id FROM IMRelationShip WHERE smallId = ? AND bigId = ? AND status = 0 ORDER BY updated DESC, id DESC LIMIT 1',
        [Number(number >> 32n), Number(number & 0xffff_ffffn)],
      );
      if (relations.length === 0) continue;
      key = `msg_id_${relations[0]!.id}`;
    }
    if (Number(counters[key] ?? 0) < last) behind.push(`${key}: ${counters[key]}, of ${last}`);
  }
  await sql.end();
  return behind;
}

async function countersOf(): Promise<Record<string, string | null>> {
  const client = new Redis(places.redis, { db: places.databases.unread });
  const keys = (await client.keys('*msg_id_*')).sort();
  const values = await client.mget(keys);
  client.disconnect();
  return Object.fromEntries(keys.map((key, at) => [key, values[at]!]));
}

/** What has to be the same after there and back. */
const same = {
  messages: `SELECT conv, count(*), md5(string_agg(concat_ws('/', id, from_id, type, md5(data)), ',' ORDER BY id)) FROM message
    GROUP BY conv ORDER BY conv`,
  conversations:
    'SELECT conv, last_id, low_sent, low_seen, high_seen FROM conversation WHERE last_id > 0 ORDER BY conv',
  members: 'SELECT group_id, user_id FROM group_member ORDER BY 1, 2',
  users: `SELECT id, nick_name, status FROM im_user WHERE name NOT LIKE 'gone#%' ORDER BY id`,
};

/** People whose password nobody has changed. */
async function peopleWhoWork(): Promise<{ name: string; password: string }[]> {
  const here = new Map(
    (
      await cluster.sql<{ id: number; hash: string; salt: string }>(
        `SELECT id, password_hash AS hash, legacy_salt AS salt FROM im_user WHERE status = 0`,
      )
    ).map((row) => [row.id, row]),
  );
  return [...truth.users]
    .flatMap(([id, { name, password, storedHash }]) =>
      name !== undefined && password !== undefined && here.get(id)?.hash === storedHash
        ? [{ name, password }]
        : [],
    )
    .slice(0, people);
}

/** Two groups; of the first one somebody leaves. */
async function makeGroups(clients: readonly TeamTalkClient[]): Promise<number[]> {
  const [first, ...others] = clients as [TeamTalkClient, ...TeamTalkClient[]];
  const ids = others.map(({ userId }) => userId);
  const groups = [
    await createGroup(first, ids.slice(0, 5), 'after the move'),
    await createGroup(first, ids, 'all'),
  ];
  await first.request(Commands.GroupChangeMemberRequest, Commands.GroupChangeMemberResponse, {
    userId: first.userId,
    changeType: 2,
    groupId: groups[0]!,
    memberIdList: ids.slice(4, 5),
  });
  return groups;
}

async function work(
  clients: readonly TeamTalkClient[],
  groups: readonly number[],
  sent: Sent[],
  isOver: () => boolean,
): Promise<void> {
  const begin = performance.now();
  let started = 0;
  const lane = async (client: TeamTalkClient, lane: number) => {
    for (let n = 0; !isOver(); n++) {
      const wait = begin + (started++ * 1_000) / rate - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const peer = clients[(lane + 1 + (n % (clients.length - 1))) % clients.length]!.userId;
      const session = n % 4 === 3 ? { group: groups[1]! } : { user: peer };
      const isVoice = n % 16 === 5;
      const content = isVoice
        ? Buffer.from([0, 0, 0, 7, ...Buffer.from(`sound ${lane} ${n}`)])
        : `text ${lane} ${n}`;
      const { msgId } = await client.send(session, content, {
        deadlineMs: 60_000,
        ...(isVoice && { type: 'group' in session ? MsgType.GROUP_AUDIO : MsgType.SINGLE_AUDIO }),
      });
      sent.push({ from: client.userId, session, msgId, content });
      if (n % 10 === 9) await client.markRead(session, msgId);
    }
  };
  await Promise.all(clients.map(lane));
  await cluster.sql(`UPDATE im_user SET nick_name = 'renamed here' WHERE id = $1`, [clients[0]!.userId]);
}

async function rowCount(): Promise<number> {
  const sql = await createConnection(legacy.mariadb.url);
  let count = 0;
  for (const kind of ['IMMessage', 'IMGroupMessage']) {
    for (let table = 0; table < 8; table++) {
      const [rows] = await sql.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${kind}_${table}`);
      count += Number(rows[0]!.n);
    }
  }
  await sql.end();
  return count;
}
