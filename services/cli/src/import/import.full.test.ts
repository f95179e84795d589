import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCli } from '../cli.js';
import type { Inspection } from './inspect/findings.js';
import type { ImportReport } from './report/report.js';
import { type LegacyStand, startLegacyStand } from './testing/legacy-stand.js';
import { fillSmallStore, textOf } from './testing/small-store.js';
import type { Verification } from './verification.js';

const program = fileURLToPath(new URL('../../bin/teamtalk.mjs', import.meta.url));
const numbers = 'unread=1,group_set=2,sync=3,token=4,group_member=5';

let legacy: LegacyStand;
let database: TestDatabase;
let client: pg.Client;

const words = (command: string, ...more: string[]) => [
  'import',
  command,
  ...['--mysql', legacy.mariadb.url, '--redis', legacy.redisUrl, '--db-numbers', numbers],
  ...['--images', legacy.images, '--offline-files', legacy.offlineFiles],
  ...more,
];

const run = (command: string, ...more: string[]) => runWords(words(command, ...more));

async function runWords(given: string[]) {
  const errors: string[] = [];
  const output: string[] = [];
  const written = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => errors.push(String(text)) > 0);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
  const status = await runCli(given);
  written.mockRestore();
  return { status, errors: errors.join(''), output: output.join('') };
}

async function rows(sql: string): Promise<unknown[][]> {
  return (await client.query({ text: sql, rowMode: 'array' })).rows;
}

async function stagingTables(): Promise<unknown[][]> {
  return rows(`SELECT relname FROM pg_class WHERE relnamespace = 'legacy_import'::regnamespace
    AND relkind IN ('r', 'p') ORDER BY 1`);
}

beforeAll(async () => {
  [legacy, database] = await Promise.all([startLegacyStand({ transmitFile: true }), testDatabase()]);
  await fillSmallStore(legacy);
  client = new pg.Client(database.url);
  await client.connect();
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('STORAGE_DIR', path.join(legacy.folder, 'storage'));
}, 120_000);
afterAll(async () => {
  await client?.end();
  await database?.drop();
  await legacy?.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('before anything is copied', () => {
  test('a wrong Redis database number is told, with the right one', async () => {
    const { status, errors } = await run(
      'copy',
      '--db-numbers',
      'unread=7,group_set=2,token=4,group_member=5',
    );
    expect(status).toBe(1);
    expect(errors).toMatch(
      /Redis database 7 has nothing of the pool unread, but database 1 has.*--db-numbers unread=1/,
    );
  });

  test('a database without the tables of TeamTalk is refused', async () => {
    await legacy.sql.query('CREATE DATABASE other');
    const other = legacy.mariadb.url.replace(/\/teamtalk$/, '/other');
    const { status, errors } = await run('copy', '--mysql', other);
    expect(status).toBe(1);
    expect(errors).toMatch(/other is not one of TeamTalk: it has no table IMUser/);
  });

  test('a source that does not answer is told', async () => {
    const { status, errors } = await run('copy', '--redis', 'redis://127.0.0.1:1');
    expect(status).toBe(1);
    expect(errors).toMatch(/Redis at redis:\/\/127.0.0.1:1\/\d does not answer .*the same command continues/);
  });

  test('a wrong text key is told', async () => {
    const { status, errors } = await run('copy', '--text-key', 'x'.repeat(32));
    expect(status).toBe(1);
    expect(errors).toMatch(/the text key decrypts only 0 of \d+ sampled texts.*aesKey in dbproxyserver.conf/);
    expect(await rows(`SELECT to_regclass('legacy_import.source')`)).toEqual([[null]]);
  });

  test('what is there is said, with what becomes of it', async () => {
    const { status, output } = await run('inspect', '--json');
    expect(status).toBe(0);
    const { rows: counts, findings, blockers } = JSON.parse(output) as Inspection;
    expect(counts).toMatchObject({ IMUser: 5, IMMessage_1: 11, IMGroupMessage_1: 4 });
    expect(blockers).toEqual([]);
    const found = Object.fromEntries(findings.map(({ name, count }) => [name, count]));
    expect(found).toEqual({
      'user-name-twice': 1,
      'user-name-spaces': 1,
      'user-name-empty': 1,
      'user-salt-empty': 1,
      'user-hash-upper-case': 1,
      'user-no-password': 3,
      'user-status': 2,
      'user-status-unknown': 1,
      'user-avatar-base': 2,
      'user-department-gone': 1,
      'department-name-empty': 1,
      'department-parent-gone': 1,
      'group-status': 1,
      'member-twice': 1,
      'member-left': 2,
      'member-orphan': 2,
      'relation-twice': 1,
      'session-one-sided': 1,
      'session-twice': 1,
      'discovery-deleted': 1,
      'admin-account': 1,
      'message-deleted': 1,
      'message-type': 1,
      'message-null': 1,
      'message-id-lost-counter': 1,
      'message-not-encrypted': 1,
      'message-to-self': 2,
      'message-sender-gone': 2,
      'message-group-gone': 1,
      'message-relation-missing': 3,
      'recording-missing': 1,
      'recording-file-missing': 1,
    });
  });

  test('an installation that has users is refused', async () => {
    await client.query(`INSERT INTO im_user (id, name, password_hash) VALUES (7, 'here', '')`);
    const { status, errors } = await run('copy');
    await client.query('DELETE FROM im_user');
    expect(status).toBe(1);
    expect(errors).toMatch(/not empty: user 7 \(here, since .* Nothing was changed/);
    expect(await rows(`SELECT to_regclass('legacy_import.source')`)).toEqual([[null]]);
  });
});

describe('a copied installation', () => {
  beforeAll(async () => {
    const { status, errors } = await run('copy');
    expect(errors).toBe('');
    expect(status).toBe(0);
  }, 120_000);

  test('records its progress for the console', async () => {
    expect(await rows('SELECT source, step, verified_at FROM import_progress')).toEqual([
      [expect.stringMatching(/^127\.0\.0\.1:\d+\/teamtalk$/), '', null],
    ]);
  });

  test('has the departments and users with their ids, passwords and states', async () => {
    expect(await rows('SELECT id, name, parent_id, status FROM department ORDER BY id')).toEqual([
      [1, '研发', 0, 0],
      [2, '#2', 9, 1],
    ]);
    expect(
      await rows(`SELECT id, name, real_name, domain, status, avatar_url, password_hash, legacy_salt, push_shield, nick_name,
        sign_info, department_id FROM im_user ORDER BY id`),
    ).toEqual([
      [1, 'ann', 'ann', 'anna', 0, '', 'F'.repeat(32), '', true, 'Ann 😀', 'hi\tthere\\', 1],
      [2, 'bob#2', 'bob ', '', 4, 'g0/1.png', 'e'.repeat(32), '12', false, 'Bob', '', 77],
      [3, 'bob', 'bob', '', 3, '', '', '', false, 'Old Bob', '', 0],
      [4, '#4', '', '', 0, '', '', '', false, 'No name', '', 0],
      [5, 'eve', 'eve', 'eve', 2, '', '', '', false, 'Eve', '', 0],
      [77, 'gone#77', '', null, 3, '', '', null, false, '', '', 0],
    ]);
    expect(await rows('SELECT id, old_name, new_name FROM legacy_import.renamed_user ORDER BY id')).toEqual([
      [2, 'bob ', 'bob#2'],
      [4, '', '#4'],
    ]);
    expect(await rows(`SELECT nextval(pg_get_serial_sequence('im_user', 'id'))::int`)).toEqual([[78]]);
  });

  test('has the messages of a pair in one order, numbered from the first conflict on', async () => {
    const pair = (1n << 32n) | 2n;
    const found = await client.query<{
      id: number;
      from_id: number;
      sender_seq: number;
      data: Buffer;
      at: number;
    }>(
      'SELECT id, from_id, sender_seq, data, extract(epoch FROM created_at)::int AS at FROM message WHERE conv = $1 ORDER BY id',
      [pair],
    );
    expect(found.rows.map(({ id, from_id, sender_seq, at }) => [id, from_id, sender_seq, at])).toEqual([
      [1, 1, 1, 500],
      [2, 1, 2, 505],
      [3, 2, 1, 510],
      [4, 2, 2, 520],
      [5, 2, 3, 530],
      [6, 2, 4, 540],
      [7, 2, 5, 550],
    ]);
    expect(found.rows[1]!.data.toString('latin1')).toBe(textOf('second'));
    expect(found.rows[3]!.data.toString()).toBe('not encrypted\t\\ é');
    expect(found.rows[4]!.data.toString('latin1')).toBe('\0\0\0\x07sound');
    expect(found.rows[5]!.data.toString('latin1')).toBe('\0\0\0\x08');
    expect(found.rows[6]!.data.toString('latin1')).toBe('\0\0\0\0');
    expect(
      await rows(
        'SELECT conv, old_id, new_id, table_no FROM legacy_import.message_map ORDER BY conv, new_id',
      ),
    ).toEqual([
      [`${pair}`, '1', 2, 0],
      [`${pair}`, '2', 3, 1],
      [`${pair}`, '4294967295', 4, 1],
      [`${pair}`, '8', 5, 1],
      [`${pair}`, '9', 6, 1],
      [`${pair}`, '10', 7, 1],
    ]);
    expect(
      await rows('SELECT legacy_id::int, audio_id, reason FROM legacy_import.missing_recording ORDER BY 1'),
    ).toEqual([
      [10, '2', 'other size'],
      [11, '77', 'no row'],
    ]);
  });

  test('has unread counts and the sessions that users see', async () => {
    expect(
      await rows(`SELECT conv >> 32, conv & 4294967295, last_id, extract(epoch FROM last_at)::int, low_sent, low_read, low_seen,
        low_removed, high_read, high_seen, high_removed FROM conversation WHERE conv >= 4294967296 ORDER BY conv`),
    ).toEqual([
      ['1', '2', 7, 550, 2, 5, 3, 0, 7, 2, 7],
      ['1', '5', 3, 601, 1, 0, 0, 0, 3, 1, 3],
      ['1', '77', 1, 700, 0, 1, 1, 1, 1, 0, 1],
    ]);
  });

  test('has groups with their members, what those may see, and their unread counts', async () => {
    expect(await rows('SELECT id, name, type, version, status FROM chat_group ORDER BY id')).toEqual([
      [9, 'team', 1, 6, 0],
      [10, 'empty', 2, 1, 1],
    ]);
    expect(
      await rows(`SELECT group_id, user_id, join_msg_id, read_id, removed_id, shield, extract(epoch FROM joined_at)::int
        FROM group_member ORDER BY group_id, user_id`),
    ).toEqual([
      [9, 1, 0, 3, 0, true, 100],
      [9, 2, 1, 2, 0, false, 1_000],
      [10, 1, 0, 0, 0, false, 100],
    ]);
    expect(await rows('SELECT group_id::int, user_id::int FROM legacy_import.former_member')).toEqual([
      [9, 5],
    ]);
    expect(
      await rows('SELECT conv::int, last_id, low_sent FROM conversation WHERE conv < 4294967296'),
    ).toEqual([[9, 3, 0]]);
  });

  test('has device tokens and discovery items', async () => {
    expect(await rows('SELECT user_id, client_type, token FROM device_token ORDER BY 1')).toEqual([
      [1, 17, 'abc'],
      [2, 18, 'x:y'],
    ]);
    expect(await rows('SELECT id, name FROM discovery_item ORDER BY priority DESC')).toEqual([
      [1, 'wiki'],
      [3, 'mail'],
    ]);
    expect(await rows('SELECT name FROM legacy_import.admin_account')).toEqual([['admin']]);
  });

  test('has the files', async () => {
    const stored = path.join(legacy.folder, 'storage', 'g0', '000', '001', '5_6_10x20.png');
    expect(await readFile(stored, 'utf8')).toBe('picture');
    expect((await stat(stored)).nlink).toBe(2);
    const sha256 = createHash('sha256').update('picture').digest('hex');
    expect(
      await rows(
        `SELECT encode(sha256, 'hex') FROM legacy_import.stored_file WHERE key = 'g0/000/001/5_6_10x20.png'`,
      ),
    ).toEqual([[sha256]]);
    expect(await rows('SELECT name FROM legacy_import.unserved_file')).toEqual([['000/001/7_8.a b']]);
    const [task] = await rows(
      `SELECT t.id, t.name, t.size::int, p.key FROM file_task t JOIN file_part p ON p.task_id = t.id`,
    );
    expect(task!.slice(0, 3)).toEqual(['ab12', 'C:\\docs\\plan.pdf', 4]);
    expect(await readFile(path.join(legacy.folder, 'storage', task![3] as string), 'utf8')).toBe('plan');
  });

  test('says what was left out', async () => {
    const left = Object.fromEntries(
      (await rows('SELECT name, reason, count::int FROM legacy_import.left_out')).map(
        ([name, reason, count]) => [`${name} ${reason}`, count],
      ),
    );
    expect(left).toEqual({
      'IMMessage_1 message-deleted': 1,
      'IMMessage_1 message-null': 1,
      'IMMessage_1 message-type': 1,
      'IMMessage_1 message-without-pair': 1,
      'IMMessage_1 message-to-self': 1,
      'IMGroupMessage_1 group-gone': 1,
      'IMGroupMember member-left': 1,
      'IMGroupMember member-duplicate': 1,
      'IMGroupMember member-without-user': 1,
      'IMGroupMember member-without-group': 1,
      'IMRelationShip relation-without-messages': 1,
      'IMTransmitFile offline-row-without-file': 1,
      'IMTransmitFile offline-file-broken': 1,
      'msfs file-name': 1,
      'redis counter-redundant': 1,
      'redis token-desktop': 1,
      'redis token-reverse': 1,
      'redis token-without-user': 1,
    });
  });

  test('keeps nothing that was staged, and copying again changes nothing', async () => {
    const tables = await stagingTables();
    expect(tables.flat()).toEqual([
      'admin_account',
      'followed',
      'former_member',
      'left_out',
      'message_map',
      'message_relation',
      'missing_recording',
      'placeholder_user',
      'relation',
      'renamed_user',
      'result',
      'seen_pool',
      'source',
      'step',
      'stored_file',
      'unserved_file',
    ]);
    const before = await rows('SELECT count(*), max(xmin::text::int8) FROM message');
    expect((await run('copy')).status).toBe(0);
    expect(await rows('SELECT count(*), max(xmin::text::int8) FROM message')).toEqual(before);
    expect(await stagingTables()).toEqual(tables);
  });

  test('is verified by the second program, and reported', async () => {
    const folder = path.join(legacy.folder, 'report');
    const { status, output, errors } = await run('all', '--json', '--report', folder);
    const data = await readFile(path.join(folder, 'teamtalk-import.json'), 'utf8');
    const report = JSON.parse(data) as ImportReport;
    const { reconciliations, comparisons } = report.verification!;
    expect([...reconciliations, ...comparisons].flatMap(({ samples }) => samples)).toEqual([]);
    expect(errors).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(output.trim().split('\n').at(-1)!)).toEqual({
      users: 6,
      groups: 2,
      conversations: 4,
      messages: 14,
      images: 3,
      offlineFiles: 1,
      leftOut: 18,
      renumberedConversations: 1,
      unexplained: 0,
    });
    expect(report.changed.renumberedConversations.samples).toEqual([
      { conversation: 'users 1 and 2', from: expect.stringMatching(/^1970-01-01T00:08:25/) },
    ]);
    const page = await readFile(path.join(folder, 'teamtalk-import.html'), 'utf8');
    expect(page).toContain('Verified by a second program: nothing unexplained.');
    expect(page).toContain('messages with status 1: deleted by hand, never shown');
  });

  test('and a message that is not there any more is found by verifying', async () => {
    await client.query('DELETE FROM message WHERE conv = 9 AND id = 2');
    const { status, output, errors } = await run('verify', '--json');
    expect(status).toBe(1);
    expect(errors).toMatch(/unexplained/);
    expect((JSON.parse(output) as Verification).unexplained).toBeGreaterThan(0);
    expect(await rows('SELECT unexplained > 0, verified_at IS NOT NULL FROM import_progress')).toEqual([
      [true, true],
    ]);
  });
});

test('an import that is killed again and again comes to the same as one that is not', async () => {
  // Without the schema, which the import brings into a database that has nothing.
  const other = await testDatabase({ migrated: false });
  const watcher = new pg.Client(other.url);
  await watcher.connect();
  const writer = `writer_${randomUUID()}`;
  const environment = {
    ...process.env,
    DATABASE_URL: other.url,
    GRANT_TO: writer,
    GRANT_TO_PASSWORD: 'secret',
    STORAGE_DIR: path.join(legacy.folder, 'other-storage'),
  };
  const begin = () =>
    spawn(process.execPath, [program, ...words('copy')], { env: environment, stdio: 'ignore' });
  const rowsOf = async (table: string) => {
    const [found] = (await watcher.query('SELECT to_regclass($1) AS name', [table])).rows as [
      { name: unknown },
    ];
    if (found.name === null) return 0;
    return (await watcher.query(`SELECT FROM ${table}`)).rowCount!;
  };
  const migrationsDone = () => rowsOf('schema_migration');
  const stepsDone = () => rowsOf('legacy_import.step');
  const killWhen = async (isDue: () => Promise<boolean>) => {
    const process = begin();
    const ended = once(process, 'exit');
    while (process.exitCode === null && !(await isDue()));
    process.kill('SIGKILL');
    await ended;
  };
  for (const migrations of [1, 5]) await killWhen(async () => (await migrationsDone()) >= migrations);
  expect(await stepsDone(), 'killed before the schema was there').toBe(0);
  for (const steps of [1, 10, 17, 20, 30]) await killWhen(async () => (await stepsDone()) >= steps);
  const last = begin();
  expect(await once(last, 'exit')).toEqual([0, null]);
  const granted = await watcher.query(
    `SELECT has_table_privilege($1, 'message', 'INSERT') AS rows, has_schema_privilege($1, 'legacy_import', 'USAGE') AS kept`,
    [writer],
  );
  expect(granted.rows).toEqual([{ rows: true, kept: false }]);
  await watcher.query(`DROP OWNED BY "${writer}"`);
  await watcher.query(`DROP ROLE "${writer}"`);
  // The other one lacks the message that the test before has deleted.
  await watcher.query('DELETE FROM message WHERE conv = 9 AND id = 2');
  for (const [table, columns] of Object.entries(compared)) {
    const text = `SELECT ${columns} FROM ${table} AS t ORDER BY t.*::text`;
    expect((await watcher.query({ text, rowMode: 'array' })).rows, table).toEqual(await rows(text));
  }
  await watcher.end();
  await other.drop();
}, 600_000);

test('a folder that is named only after the end is refused, as it would not be copied', async () => {
  const other = await testDatabase();
  vi.stubEnv('DATABASE_URL', other.url);
  const given = words('copy');
  expect(await runWords(given.toSpliced(given.indexOf('--images'), 2))).toMatchObject({
    status: 0,
    errors: '',
  });
  const { status, errors } = await run('copy');
  expect(status).toBe(1);
  expect(errors).toMatch(/finished without --images: begin with an empty database/);
  await other.drop();
}, 120_000);

const compared = {
  im_user: 'id, name, password_hash, legacy_salt, status, domain',
  department: 'id, name',
  message: 'conv, id, from_id, sender_seq, token, created_at, type, data',
  conversation: 't.*',
  group_member: 't.*',
  device_token: 'user_id, client_type, token',
  discovery_item: 't.*',
  'legacy_import.message_map': 't.*',
  'legacy_import.left_out': 't.*',
  'legacy_import.stored_file': 'key, size, sha256',
};
