import { createReadStream, existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { verify } from '@teamtalk/cli/import-verify';
import { LegacyServers, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importIdeally } from './ideal-import.js';
import { differencesFrom } from './legacy/check.js';
import { smallStore } from './legacy/options.js';
import {
  buildLegacyStore,
  imageFolder,
  type LegacyPlaces,
  offlineFolder,
  placesOn,
  usualDatabases,
} from './legacy/store.js';
import type { Truth } from './legacy/truth.js';

let legacy: LegacyServers;
let storage: string;
let places: LegacyPlaces;
let database: TestDatabase;
let client: pg.Client;
let truth: Truth;

beforeAll(async () => {
  legacy = await LegacyServers.start('verify');
  places = placesOn(legacy);
  await buildLegacyStore(smallStore, places);
  storage = path.join(legacy.folder, 'storage');
  await mkdir(storage);
  database = await testDatabase();
  truth = await importIdeally(smallStore, database.url, storage);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
  await legacy?.stop();
});

function run() {
  const pool = (name: keyof typeof usualDatabases) => `${places.redis}/${usualDatabases[name]}`;
  return verify(
    {
      mysql: places.mysql,
      redis: {
        unread: pool('unread'),
        group_set: pool('group_set'),
        token: pool('token'),
        group_member: pool('group_member'),
      },
      images: imageFolder(places),
      offlineFiles: offlineFolder(places),
      textKey: undefined,
    },
    {
      database: database.url,
      storageFolder: storage,
      readBlob: async (key) => {
        const file = path.join(storage, key);
        return existsSync(file) ? createReadStream(file) : undefined;
      },
    },
    {},
  );
}

it('judges an installation that is as it has to be', async () => {
  expect(await differencesFrom(truth, database.url, storage)).toEqual([]);
});

it('explains every row of an import without a defect, as the generator does', async () => {
  const { unexplained, reconciliations, comparisons } = await run();
  expect(comparisons.filter(({ differences }) => differences > 0)).toEqual([]);
  expect(unexplained).toBe(0);
  const found = Object.fromEntries(
    reconciliations.map(({ name, source, imported, leftOut }) => [name, { source, imported, leftOut }]),
  );
  const wanted = Object.fromEntries(
    [...truth.rows].map(([name, { source, imported, leftOut }]) => {
      return [name, { source, imported, leftOut: Object.fromEntries(leftOut) }];
    }),
  );
  expect(found).toEqual(wanted);
  const compared = comparisons.find(({ name }) => name === 'count and hash of each conversation')!.compared;
  expect(compared).toBe(truth.conversations.size);
});

describe('finds', () => {
  /** A conversation of a pair with more than five messages, both sides of which are listed. */
  const pair = `(SELECT conv FROM conversation WHERE conv > 4294967296 AND last_id > 5 AND low_removed + high_removed = 0
    ORDER BY conv LIMIT 1)`;
  const group = '(SELECT conv FROM conversation WHERE conv < 4294967296 ORDER BY conv LIMIT 1)';
  const defects: [what: string, sql: string, where: string][] = [
    ['a lost message', `DELETE FROM message WHERE conv = ${pair} AND id = 3`, 'count and hash'],
    [
      'a message twice',
      `UPDATE message m SET data = n.data, from_id = n.from_id, created_at = n.created_at, type = n.type FROM message n WHERE m.conv = ${pair} AND n.conv = m.conv AND m.id = 2 AND n.id = 1`,
      'count and hash',
    ],
    [
      'a text of one byte more',
      `UPDATE message SET data = data || '\\x41' WHERE conv = ${pair} AND id = 2`,
      'count and hash',
    ],
    [
      'a message of a second later',
      `UPDATE message SET created_at = created_at + interval '1 second' WHERE conv = ${group} AND id = 1`,
      'count and hash',
    ],
    [
      'two messages in the other order',
      `UPDATE message SET id = CASE id WHEN 1 THEN -2 ELSE -1 END WHERE conv = ${group} AND id IN (1, 2)`,
      'count and hash',
    ],
    [
      'a gap',
      `UPDATE message SET id = id + 1 WHERE conv = ${group} AND id = (SELECT last_id FROM conversation WHERE conv = ${group})`,
      'numbers of each',
    ],
    [
      'a message of nobody’s',
      `INSERT INTO message VALUES (${group}, 1000000, 1, 0, 0, now(), 17, '')`,
      'messages that the old store does not have',
    ],
    [
      'a wrong sender_seq',
      `UPDATE message SET sender_seq = 9 WHERE conv = ${pair} AND id = 1`,
      'numbers of each',
    ],
    [
      'a wrong last_id',
      `UPDATE conversation SET last_id = last_id + 1 WHERE conv = ${group}`,
      'last message of each',
    ],
    [
      'a wrong last_at',
      `UPDATE conversation SET last_at = now() WHERE conv = ${group}`,
      'last message of each',
    ],
    [
      'a wrong low_sent',
      `UPDATE conversation SET low_sent = low_sent + 1 WHERE conv = ${pair}`,
      'last message of each',
    ],
    [
      'a wrong unread count',
      `UPDATE conversation SET low_seen = low_seen - 1 WHERE conv = ${pair}`,
      'unread count',
    ],
    [
      'a wrong first unread message',
      `UPDATE conversation SET high_read = high_read - 1 WHERE conv = ${pair}`,
      'first unread',
    ],
    [
      'a session that is not shown',
      `UPDATE conversation SET low_removed = last_id WHERE conv = ${pair}`,
      'sessions that',
    ],
    [
      'a session that is shown',
      'UPDATE conversation SET low_removed = 0 WHERE low_removed > 0',
      'sessions that',
    ],
    [
      'a group’s unread count',
      'UPDATE group_member SET read_id = read_id - 1 WHERE ctid = (SELECT min(ctid) FROM group_member WHERE read_id > 0)',
      'unread count',
    ],
    [
      'a member who sees too much',
      'UPDATE group_member SET join_msg_id = join_msg_id - 1 WHERE join_msg_id > 0',
      'first message that each member',
    ],
    [
      'a member too many',
      'INSERT INTO group_member (group_id, user_id) SELECT (SELECT min(id) FROM chat_group), id FROM im_user WHERE status = 3 ON CONFLICT DO NOTHING',
      'members of each',
    ],
    [
      'a member too few',
      'DELETE FROM group_member WHERE ctid = (SELECT min(ctid) FROM group_member)',
      'IMGroupMember',
    ],
    [
      'a push setting',
      'UPDATE group_member SET shield = NOT shield WHERE ctid = (SELECT min(ctid) FROM group_member)',
      'push settings of',
    ],
    [
      'a user too few',
      'DELETE FROM group_member WHERE user_id = 2; DELETE FROM device_token WHERE user_id = 2; DELETE FROM file_part; DELETE FROM file_task; DELETE FROM im_user WHERE id = 2',
      'IMUser',
    ],
    [
      'a user too many',
      "INSERT INTO im_user (id, name, password_hash) VALUES (5000, 'new', '')",
      'accounts that the old store',
    ],
    [
      'a password that was changed',
      "UPDATE im_user SET password_hash = md5('other') WHERE id = 4",
      'accounts: passwords',
    ],
    ['a salt that became NULL', 'UPDATE im_user SET legacy_salt = NULL WHERE id = 1', 'accounts: passwords'],
    ['a name that is another’s', "UPDATE im_user SET name = 'x' WHERE id = 4", 'accounts: names'],
    ['a status', 'UPDATE im_user SET status = 1 WHERE id = 4', 'accounts: statuses'],
    ['a gone user too few', `DELETE FROM im_user WHERE id = ${37}`, 'accounts that messages name'],
    ['a department’s parent', 'UPDATE department SET parent_id = 0 WHERE id = 3', 'departments'],
    ['a group’s name', "UPDATE chat_group SET name = 'x' WHERE id = 2", 'groups'],
    [
      'the order of the discovery',
      'UPDATE discovery_item SET priority = -priority',
      'order of the discovery',
    ],
    ['a token of another', "UPDATE device_token SET token = 'x' WHERE user_id = 6", 'device tokens'],
    ['a sequence that was not moved', "SELECT setval('im_user_id_seq', 1)", 'ids that are given'],
    [
      'a change of numbers that is not listed',
      'DELETE FROM legacy_import.message_map WHERE ctid = (SELECT min(ctid) FROM legacy_import.message_map)',
      'changed numbers',
    ],
    [
      'an offline file too few',
      'DELETE FROM file_part; DELETE FROM file_task WHERE ctid = (SELECT min(ctid) FROM file_task)',
      'IMTransmitFile',
    ],
  ];

  it.each(defects)('%s', async (_what, sql, where) => {
    const saved = await testDatabaseCopy();
    try {
      await client.query(sql);
      if (sql.includes('THEN -2')) await client.query('UPDATE message SET id = -id WHERE id < 0');
      const { comparisons, reconciliations, unexplained } = await run();
      const found = [
        ...comparisons.filter(({ differences }) => differences > 0),
        ...reconciliations.filter(({ unexplained: rows }) => rows > 0),
      ];
      expect(unexplained).toBeGreaterThan(0);
      expect(found.map(({ name }) => name).join(', ')).toContain(where);
      for (const { samples } of found) expect(samples.length).toBeGreaterThan(0);
    } finally {
      await saved.restore();
    }
  });

  it('a file whose content is another, and one that is missing', async () => {
    const [changed, missing] = [...truth.images.keys()];
    const task = (await readdir(path.join(storage, 'offline-files')))[0]!;
    const [part] = await readdir(path.join(storage, 'offline-files', task));
    await appendFile(path.join(storage, changed!), 'x');
    await unlink(path.join(storage, missing!));
    await writeFile(path.join(storage, 'offline-files', task, part!), 'x');
    const { comparisons, reconciliations } = await run();
    expect(comparisons.filter(({ differences }) => differences > 0)).toMatchObject([
      { name: 'content of each file of msfs', differences: 1, samples: [changed] },
      { name: 'content of each offline file', differences: 1 },
    ]);
    expect(reconciliations.filter(({ unexplained }) => unexplained > 0)).toMatchObject([
      { name: 'msfs', unexplained: 1 },
    ]);
  });
});

/** A copy of the database to go back to. */
async function testDatabaseCopy(): Promise<{ restore(): Promise<void> }> {
  const admin = new URL(database.url);
  const name = admin.pathname.slice(1);
  admin.pathname = '/postgres';
  const as = async (...statements: string[]) => {
    await client.end();
    const other = new pg.Client({ connectionString: admin.href });
    await other.connect();
    for (const statement of statements) await other.query(statement);
    await other.end();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  };
  await as(`CREATE DATABASE ${name}_copy TEMPLATE ${name}`);
  return {
    restore: () => as(`DROP DATABASE ${name} WITH (FORCE)`, `ALTER DATABASE ${name}_copy RENAME TO ${name}`),
  };
}
