import { randomUUID } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { addOfflineFile } from './add-offline-file.js';
import { deleteOfflineFile } from './delete-offline-file.js';
import { listOfflineFiles } from './list-offline-files.js';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status)
      SELECT n, 'u' || n, '', CASE n WHEN 9 THEN 3 ELSE 0 END FROM generate_series(1, 9) n`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => database.dataSource.query('TRUNCATE offline_file'));

const file = { fromUserId: 1, toUserId: 2, taskId: 'task', fileName: 'report.pdf', fileSize: 1_000 };

async function add(given: teamtalk.db.OfflineFile.$Properties) {
  return (await addOfflineFile(context)(new teamtalk.db.OfflineFile({ ...file, ...given }))).done;
}

async function list(userId: number) {
  return (await listOfflineFiles(context)(new teamtalk.db.UserRequest({ userId }))).files ?? [];
}

async function taskIds(userId: number) {
  return (await list(userId)).map(({ taskId }) => taskId);
}

async function remove(request: teamtalk.db.DeleteOfflineFileRequest.$Properties) {
  return (await deleteOfflineFile(context)(new teamtalk.db.DeleteOfflineFileRequest(request))).done;
}

test('a file waits for its receiver and for nobody else, with all that the sender said of it', async () => {
  expect(await add({})).toBe(true);
  expect(await list(2)).toEqual([file]);
  for (const other of [1, 3, 0, 0xffff_ffff]) expect(await list(other)).toEqual([]);
});

test('names are kept as the client calls them, sizes up to what the wire can say', async () => {
  const names = [
    '..\\..\\boot.ini',
    '/etc/passwd',
    '报告 (1).docx',
    "'; DROP TABLE offline_file; --",
    '😀'.repeat(255),
  ];
  for (const [i, fileName] of names.entries()) {
    expect(await add({ taskId: `t${i}`, fileName, fileSize: i === 0 ? 0xffff_ffff : 0 })).toBe(true);
  }
  const files = await list(2);
  expect(files.map(({ fileName }) => fileName)).toEqual(names);
  expect(files.map(({ fileSize }) => fileSize)).toEqual([0xffff_ffff, 0, 0, 0, 0]);
});

test('what cannot be kept is not', async () => {
  expect(await add({ fileName: 'x'.repeat(256) })).toBe(false);
  expect(await add({ fileName: '' })).toBe(false);
  expect(await add({ fileName: 'a\0b' })).toBe(false);
  expect(await add({ taskId: '' })).toBe(false);
  expect(await add({ taskId: 'x'.repeat(65) })).toBe(false);
  expect(await add({ taskId: 'a\0b' })).toBe(false);
  for (const nobody of [0, 77, 9, 0x8000_0000]) {
    expect(await add({ fromUserId: nobody })).toBe(false);
    expect(await add({ toUserId: nobody })).toBe(false);
  }
  expect(await list(2)).toEqual([]);
});

test('a file to oneself is possible', async () => {
  expect(await add({ toUserId: 1 })).toBe(true);
  expect(await taskIds(1)).toEqual(['task']);
});

test('the same again is the same file; the task of somebody else’s transfer cannot be taken', async () => {
  expect(await add({})).toBe(true);
  expect(await add({})).toBe(true);
  expect(await add({ fromUserId: 3 })).toBe(false);
  expect(await add({ toUserId: 3 })).toBe(false);
  expect(await add({ fromUserId: 2, toUserId: 1 })).toBe(false);
  expect(await list(2)).toEqual([file]);
  expect(await list(3)).toEqual([]);
});

test('added at once through two replicas it is one file', async () => {
  const other = await createTestContext(database.url);
  try {
    const request = new teamtalk.db.OfflineFile(file);
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => addOfflineFile(i % 2 ? other : context)(request)),
    );
    expect(replies.every(({ done }) => done)).toBe(true);
    expect(await taskIds(2)).toEqual(['task']);
  } finally {
    await other.close();
  }
});

test('only the receiver can take a file off the list, once', async () => {
  await add({});
  await add({ taskId: 'second' });
  expect(await remove({ userId: 1, fromUserId: 1, taskId: 'task' }), 'the sender').toBe(false);
  expect(await remove({ userId: 3, fromUserId: 1, taskId: 'task' }), 'a stranger').toBe(false);
  expect(await remove({ userId: 2, fromUserId: 3, taskId: 'task' }), 'another sender’s').toBe(false);
  expect(await remove({ userId: 2, fromUserId: 1, taskId: 'tas' })).toBe(false);
  expect(await remove({ userId: 2, fromUserId: 1, taskId: 'a\0b' })).toBe(false);
  expect(await remove({ userId: 0xffff_ffff, fromUserId: 1, taskId: 'task' })).toBe(false);
  expect(await remove({ userId: 2, fromUserId: 1, taskId: 'task' })).toBe(true);
  expect(await remove({ userId: 2, fromUserId: 1, taskId: 'task' })).toBe(false);
  expect(await taskIds(2)).toEqual(['second']);
});

test('so many of one sender wait at most; others can still send', async () => {
  await database.dataSource.query(
    `INSERT INTO offline_file (task_id, from_id, to_id, name, size)
      SELECT gen_random_uuid(), 1, 2, 'f', 1 FROM generate_series(1, 199)`,
  );
  expect(await add({ taskId: 'last' })).toBe(true);
  expect(await add({ taskId: 'beyond' })).toBe(false);
  expect(await add({ taskId: 'last' }), 'is there already').toBe(true);
  expect(await add({ fromUserId: 3, taskId: 'other sender' })).toBe(true);
  expect(await add({ toUserId: 3, taskId: 'other receiver' })).toBe(true);
  expect(await remove({ userId: 2, fromUserId: 1, taskId: 'last' })).toBe(true);
  expect(await add({ taskId: 'beyond' })).toBe(true);
});

test('the list is bounded: the oldest first, the others when those are fetched', async () => {
  await database.dataSource.query(
    `INSERT INTO offline_file (task_id, from_id, to_id, name, size, created_at)
      SELECT 't' || s || '-' || n, s, 2, 'f', 1, to_timestamp(10000 - n * 10 - s)
      FROM generate_series(3, 8) s, generate_series(1, 100) n`,
  );
  const ids = await taskIds(2);
  expect(ids).toHaveLength(500);
  expect(ids.slice(0, 3)).toEqual(['t8-100', 't7-100', 't6-100']);
  await add({ taskId: randomUUID() });
  expect(await taskIds(2)).toEqual(ids);
});
