import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compareAnswers } from '@teamtalk/cli/import-verify';
import { TestCluster } from '@teamtalk/cluster';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { importIdeally } from './ideal-import.js';
import { smallStore } from './legacy/options.js';
import type { Truth } from './legacy/truth.js';
import { teamtalk } from './teamtalk.js';

vi.setConfig({ testTimeout: 120_000 });

/** The same store behind two installations: one stands for the old server, and keeps its answers. */
let old: TestCluster;
let ours: TestCluster;
let client: pg.Client;
let truth: Truth;
let users: { name: string; password: string }[];

beforeAll(async () => {
  [old, ours] = await Promise.all([TestCluster.start(), TestCluster.start()]);
  for (const { database, storageFolder } of [old, ours]) {
    truth = await importIdeally(smallStore, database.url, storageFolder);
  }
  client = new pg.Client({ connectionString: ours.database.url });
  await client.connect();
  const known = [...truth.users.values()].filter(
    ({ name, status, password }) => name && password && status === 0,
  );
  const everyForm = [
    ...known.slice(0, 10),
    known.find(({ salt }) => salt === ''),
    known.find(({ storedHash }) => /[A-F]/.test(storedHash)),
  ].filter((user) => user !== undefined);
  users = [...new Set(everyForm)].map(({ name, password }) => ({ name: name!, password: password! }));
}, 180_000);

afterAll(async () => {
  await client?.end();
  await Promise.all([old?.stop(), ours?.stop()]);
});

function compare(own = users.slice(0, 3)) {
  const server = (cluster: TestCluster) => ({
    host: '127.0.0.1',
    port: cluster.port('msg_server', 0, 'client'),
  });
  return compareAnswers({ old: server(old), new: server(ours), users: own });
}

it('finds nothing where there is nothing, for every user, with passwords of every form', async () => {
  const { compared, differences, unexplained } = await compare(users);
  expect(differences).toEqual([]);
  expect(unexplained).toBe(0);
  expect(compared).toBeGreaterThan(8 * users.length);
  const salts = users.map(({ name }) => [...truth.users.values()].find((user) => user.name === name)!);
  expect(salts.some(({ salt }) => salt === '')).toBe(true);
  expect(salts.some(({ storedHash }) => /[A-F]/.test(storedHash))).toBe(true);
});

describe('finds', () => {
  /** Each changes one column of a table, or takes rows away. */
  const defects: [what: string, table: string, column: string, sql: string, question: string][] = [
    ['another name', 'im_user', 'nick_name', "SET nick_name = 'x' WHERE id = 30", '0x0209'],
    ['a user who is missing', 'im_user', 'status', 'SET status = 3 WHERE id = 31', '0x0209'],
    ['a department elsewhere', 'department', 'parent_id', 'SET parent_id = 2 WHERE id = 5', '0x0211'],
    ['sessions too few', 'conversation', 'low_removed', 'SET low_removed = last_id', '0x0202'],
    [
      'an unread count',
      'conversation',
      'low_seen',
      'SET low_seen = low_seen - 1 WHERE low_seen > 0',
      '0x0308',
    ],
    ['a text', 'message', 'data', "SET data = '\\x41' WHERE id = 1", '0x030a'],
    [
      'a time',
      'message',
      'created_at',
      "SET created_at = created_at + interval '1 second' WHERE id = 1",
      '0x030a',
    ],
    ['a group’s name', 'chat_group', 'name', "SET name = 'x'", '0x0404'],
    ['a group’s older version', 'chat_group', 'version', 'SET version = 0', '0x0402'],
  ];

  it.each(defects)('%s', async (_what, table, column, sql, question) => {
    const saved = `CREATE TEMP TABLE saved AS TABLE ${table}`;
    const keys = { conversation: ['conv'], message: ['conv', 'id'] }[table] ?? ['id'];
    await client.query(saved);
    await client.query(`UPDATE ${table} ${sql}`);
    const found = await compare();
    const same = keys.map((key) => `t.${key} = s.${key}`).join(' AND ');
    await client.query(`UPDATE ${table} t SET ${column} = s.${column} FROM saved s
      WHERE ${same} AND t.${column} IS DISTINCT FROM s.${column}`);
    await client.query('DROP TABLE saved');
    expect(found.unexplained).toBeGreaterThan(0);
    expect(found.differences.map(({ question: asked }) => asked).join(', ')).toContain(question);
    // Back as it was, nothing is found: the next defect is found by itself.
    expect((await compare()).differences).toEqual([]);
  });

  it('only what is not allowed: a larger version of a group is', async () => {
    await client.query('UPDATE chat_group SET version = version + 100');
    const { allowed, unexplained } = await compare();
    expect(allowed['version of a group']).toBeGreaterThan(0);
    expect(unexplained).toBe(0);
  });
});

describe('teamtalk import compare-answers', () => {
  it('compares as the users of a file, and fails with what differs', async () => {
    const other = users[0]!;
    const file = path.join(ours.storageFolder, 'users');
    await writeFile(file, users.map(({ name, password }) => `${name}\t${password}\n`).join(''));
    await client.query(`CREATE SCHEMA IF NOT EXISTS legacy_import`);
    await client.query(
      'CREATE TABLE IF NOT EXISTS legacy_import.message_map (conv int8, old_id int8, new_id int4)',
    );
    const words = ['import', 'compare-answers', '--old', address(old), '--new', address(ours), '--json'];
    const env = { DATABASE_URL: ours.database.url };
    const same = teamtalk([...words, '--users', file, '--sample', '2'], env);
    expect(await same.ended, same.output()).toBe(0);
    expect(same.output()).toMatch(/"unexplained": ?0/);

    // A text that differs where the import lists other numbers is verified elsewhere; one that differs elsewhere is not.
    const [{ conv }] = (
      await client.query<{ conv: string }>(
        `SELECT c.conv FROM conversation c JOIN im_user u ON u.id IN (c.conv >> 32, c.conv & 4294967295)
          WHERE u.name = $1 AND c.conv > 4294967295 AND c.last_id > 0
            AND c.last_id > CASE WHEN u.id = c.conv >> 32 THEN c.low_removed ELSE c.high_removed END LIMIT 1`,
        [other.name],
      )
    ).rows as [{ conv: string }];
    await client.query(
      `UPDATE message SET data = '\\x41' WHERE conv = $1 AND id = (SELECT last_id FROM conversation WHERE conv = $1)`,
      [conv],
    );
    const differs = teamtalk([...words, '--users', file], env);
    expect(await differs.ended).toBe(1);
    expect(differs.output()).toMatch(/answers differ in a way that no import may make them differ/);
    await client.query('INSERT INTO legacy_import.message_map VALUES ($1, 2, 1)', [conv]);
    await writeFile(file, `${other.name}\t${other.password}\n`);
    const listed = teamtalk([...words, '--users', file], env);
    await listed.ended;
    expect(listed.output()).toContain('conversation with other numbers');
    expect(listed.output()).not.toContain('0x030a');
  });

  it('says what a file of users has to be', async () => {
    const file = path.join(ours.storageFolder, 'users');
    await writeFile(file, 'name and password\n');
    const words = ['import', 'compare-answers', '--old', address(old), '--new', address(ours)];
    const refused = teamtalk([...words, '--users', file], { DATABASE_URL: ours.database.url });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(/users, line 1: a name, a tab and a password are needed/);
  });
});

function address(cluster: TestCluster): string {
  return `127.0.0.1:${cluster.port('msg_server', 0, 'client')}`;
}
