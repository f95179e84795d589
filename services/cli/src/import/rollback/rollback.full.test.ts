import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import type { RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { keepAsTakenOver } from '../cutover/taken-over.js';
import { LegacyWriter } from '../legacy/writer.js';
import { TargetDatabase } from '../target/database.js';
import { openStorage, type Storage } from '../target/storage.js';
import { type LegacyStand, startLegacyStand } from '../testing/legacy-stand.js';
import { returnImages } from './images.js';
import { returnOfflineFiles } from './offline-files.js';
import { returnedRows, returnRows } from './rows.js';
import { returnDeviceTokens } from './tokens.js';

vi.setConfig({ testTimeout: 120_000 });

let stand: LegacyStand;
let database: TestDatabase;
let client: pg.Client;
let target: TargetDatabase;
let storage: Storage;
let writer: LegacyWriter;

beforeAll(async () => {
  stand = await startLegacyStand({ transmitFile: true });
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  target = new TargetDatabase(database.url, 2);
  const folder = path.join(stand.folder, 'storage');
  await mkdir(folder);
  storage = await openStorage({ STORAGE: 'local', STORAGE_DIR: folder });
  const place = (number: number) => `${stand.redisUrl}/${number}`;
  writer = await LegacyWriter.open(stand.mariadb.url, {
    unread: place(1),
    group_set: place(2),
    token: place(4),
    group_member: place(5),
  });
  await stand.sql.query(`
    INSERT INTO IMUser (id, name, departId, created, updated, password, salt)
      VALUES (1, 'ann', 1, 1, 1, 'of ann', '7'), (2, 'bob', 1, 1, 1, 'of bob', '8');
    INSERT INTO IMDepart (id, departName, priority, parentId, created, updated)
      VALUES (1, 'all', 0, 0, 1, 1), (2, 'over', 0, 1, 1, 1);
    INSERT INTO IMTransmitFile (fromId, toId, fileName, taskId, size, status, updated, created)
      VALUES (1, 2, 'old.txt', 'fetched-here', 3, 0, 1, 1)`);
  await client.query(`
    INSERT INTO department (id, name, parent_id) VALUES (1, 'all', 0), (2, 'over', 1);
    INSERT INTO im_user (id, name, password_hash, legacy_salt) VALUES (1, 'ann', 'of ann', '7'), (2, 'bob', 'of bob', '8');
    INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
      VALUES ('fetched-here', 1, 2, 'old.txt', 3, true, 3, sha256('old'), now(), now() + interval '1 day');
    INSERT INTO device_token (user_id, client_type, token) VALUES (1, 17, 'from before');
    CREATE SCHEMA legacy_import;
    CREATE TABLE legacy_import.stored_file (key text PRIMARY KEY)`);
  await target.transaction(keepAsTakenOver);
  await target.rows(returnedRows);
}, 180_000);

afterAll(async () => {
  await writer?.close();
  await target?.close();
  await client?.end();
  storage?.store.close();
  await stand?.close();
});

async function old<Row>(sql: string): Promise<Row[]> {
  return (await stand.sql.query<RowDataPacket[]>(sql))[0] as unknown as Row[];
}

async function twice(work: () => Promise<void>): Promise<void> {
  await work();
  await work();
}

it('writes departments back: new ones, changed ones, and those that are gone', async () => {
  await client.query(`
    UPDATE department SET name = 'everybody', priority = 9 WHERE id = 1;
    DELETE FROM department WHERE id = 2;
    INSERT INTO department (id, name, parent_id) VALUES (3, 'new', 1)`);
  await twice(() => returnRows(target, writer));
  expect(await old('SELECT id, departName, priority, parentId, status FROM IMDepart ORDER BY id')).toEqual([
    { id: 1, departName: 'everybody', priority: 9, parentId: 0, status: 0 },
    { id: 2, departName: 'over', priority: 0, parentId: 1, status: 1 },
    { id: 3, departName: 'new', priority: 0, parentId: 1, status: 0 },
  ]);
});

it('keeps the old password of who changed it here, and gives none to who is new', async () => {
  await client.query(`
    UPDATE im_user SET password_hash = '$argon2id$', legacy_salt = NULL, nick_name = 'Ann' WHERE id = 1;
    INSERT INTO im_user (id, name, password_hash) VALUES (3, 'new', '$argon2id$')`);
  await twice(() => returnRows(target, writer));
  expect(await old('SELECT id, nick, password, salt FROM IMUser ORDER BY id')).toEqual([
    { id: 1, nick: 'Ann', password: 'of ann', salt: '7' },
    { id: 2, nick: '', password: 'of bob', salt: '8' },
    { id: 3, nick: '', password: '', salt: '' },
  ]);
});

it('writes push tokens back: another one, and none', async () => {
  await client.query(`
    UPDATE device_token SET token = 'of the new phone' WHERE user_id = 1;
    INSERT INTO device_token (user_id, client_type, token) VALUES (2, 18, 'android of bob')`);
  await twice(() => returnDeviceTokens(target, writer));
  const redis = stand.redis(4);
  expect(await redis.mget('device_1', 'device_2', 'device_android of bob')).toEqual([
    'ios:of the new phone',
    'android:android of bob',
    '2',
  ]);
  await client.query('DELETE FROM device_token WHERE user_id = 1');
  await returnDeviceTokens(target, writer);
  expect(await redis.get('device_1')).toBe('');
});

it('writes images back that were uploaded here, and none that came from there', async () => {
  await storage.store.put('g0/001/002/new.png', Readable.from([Buffer.from('new')]));
  await storage.store.put('g0/001/002/old.png', Readable.from([Buffer.from('imported')]));
  await client.query(`INSERT INTO legacy_import.stored_file (key) VALUES ('g0/001/002/old.png')`);
  await twice(() => returnImages(target, storage, stand.images));
  expect(await readFile(path.join(stand.images, '001/002/new.png'), 'utf8')).toBe('new');
  await expect(readFile(path.join(stand.images, '001/002/old.png'))).rejects.toThrow(/ENOENT/);
});

it('writes offline files back that wait, and takes those that were fetched off the list', async () => {
  const task = 'ab-waits-here';
  await storage.store.put(`offline-files/${task}/0`, Readable.from([Buffer.from('hello ')]));
  await storage.store.put(`offline-files/${task}/6`, Readable.from([Buffer.from('bob')]));
  await client.query(`
    DELETE FROM file_task WHERE id = 'fetched-here';
    INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
      VALUES ('${task}', 1, 2, 'letter.txt', 9, true, 9, sha256('hello bob'), to_timestamp(1700000000), now() + interval '1 day'),
        ('half', 1, 2, 'half.txt', 9, true, 0, NULL, NULL, now() + interval '1 day');
    INSERT INTO file_part (task_id, start, size, key, sha256)
      VALUES ('${task}', 6, 3, 'offline-files/${task}/6', sha256('bob')), ('${task}', 0, 6, 'offline-files/${task}/0', sha256('hello '))`);
  const notReturned = new Map<string, number>();
  const options = { database: target, writer, storage, folder: stand.offlineFiles };
  await twice(() => returnOfflineFiles(options, notReturned));
  const file = await readFile(path.join(stand.offlineFiles, 'ab', task));
  const text = (at: number) => file.subarray(at, file.indexOf(0, at)).toString();
  expect([text(0), text(128), text(192), text(256), text(384), text(896)]).toEqual([
    task,
    '1',
    '2',
    '1700000000',
    '',
    '9',
  ]);
  expect(file.subarray(960).toString()).toBe('hello bob');
  const list = 'SELECT fromId, toId, fileName, taskId, size, status FROM IMTransmitFile ORDER BY id';
  const waits = { fromId: 1, toId: 2, fileName: 'letter.txt', taskId: task, size: 9 };
  const fetched = { fromId: 1, toId: 2, fileName: 'old.txt', taskId: 'fetched-here', size: 3, status: 1 };
  expect(await old(list)).toEqual([fetched, { ...waits, status: 0 }]);
  expect(notReturned.size).toBe(0);

  await client.query(`DELETE FROM file_task WHERE id = '${task}'`);
  await returnOfflineFiles(options, notReturned);
  expect(await old(list)).toEqual([fetched, { ...waits, status: 1 }]);
});

it('counts offline files that have no place there', async () => {
  await client.query(`
    INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
      VALUES ('cd-empty', 1, 2, 'empty', 0, true, 0, sha256(''), now(), now() + interval '1 day')`);
  const notReturned = new Map<string, number>();
  await returnOfflineFiles({ database: target, writer, storage, folder: undefined }, notReturned);
  expect([...notReturned]).toEqual([['offline files, for which the old servers have no place', 1]]);
  await rm(path.join(stand.offlineFiles, 'cd'), { recursive: true, force: true });
  await client.query(`
    INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
      VALUES ('cd/../out', 1, 2, 'empty', 0, true, 0, sha256(''), now(), now() + interval '1 day')`);
  const withPlace = new Map<string, number>();
  const options = { database: target, writer, storage, folder: stand.offlineFiles };
  await twice(() => returnOfflineFiles(options, withPlace));
  expect([...withPlace]).toEqual([['offline files whose task cannot name a file', 1]]);
  expect((await readFile(path.join(stand.offlineFiles, 'cd', 'cd-empty'))).length).toBe(960);
});
