import { randomBytes, randomUUID } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { createFileTask } from './create-file-task.js';
import { filesRpc } from './rpc.js';

const { db } = teamtalk;
const { FILE_TASK_OK, FILE_TASK_UNKNOWN, FILE_TASK_BAD_REQUEST } = db.FileTaskResult;
const { FILE_TASK_TOO_MANY, FILE_TASK_USER_QUOTA, FILE_TASK_TOTAL_QUOTA } = db.FileTaskResult;

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
beforeEach(() => database.dataSource.query('TRUNCATE file_task CASCADE'));

const lifetimeMs = 60_000;
const sha256 = randomBytes(32);

async function create(given: teamtalk.db.CreateFileTaskRequest.$Properties = {}, on = context) {
  const request = { taskId: randomUUID(), fromUserId: 1, toUserId: 2, fileName: 'report.pdf', fileSize: 100 };
  const reply = await createFileTask(on)(
    new db.CreateFileTaskRequest({ ...request, offline: true, lifetimeMs, ...given }),
  );
  return { result: reply.result, id: reply.task?.taskId ?? '' };
}

async function find(taskId: string, on = context) {
  const { task } = await filesRpc(on).getFileTask(new db.GetFileTaskRequest({ taskId, withParts: true }));
  return task;
}

async function addPart(taskId: string, start: number, size: number, key = `${taskId}/${start}`) {
  const part = { start, size, key, sha256 };
  return (await filesRpc(context).addFilePart(new db.AddFilePartRequest({ taskId, part, lifetimeMs }))).done;
}

async function complete(taskId: string, hash: Uint8Array = sha256) {
  const request = new db.CompleteFileTaskRequest({ taskId, sha256: hash, lifetimeMs });
  return (await filesRpc(context).completeFileTask(request)).done;
}

async function extend(taskId: string, ms: number) {
  return (await filesRpc(context).extendFileTask(new db.ExtendFileTaskRequest({ taskId, lifetimeMs: ms })))
    .done;
}

/** A complete upload. */
async function uploaded(given: teamtalk.db.CreateFileTaskRequest.$Properties = {}) {
  const { id } = await create(given);
  const size = given.fileSize ?? 100;
  if (size > 0) await addPart(id, 0, size);
  expect(await complete(id)).toBe(true);
  return id;
}

async function announce(taskId: string, fromUserId = 1, toUserId = 2, fileName = 'report.pdf') {
  return filesRpc(context).addOfflineFile(new db.OfflineFile({ taskId, fromUserId, toUserId, fileName }));
}

/** Claims the due announcements. */
async function claim() {
  const { files } = await filesRpc(context).claimFileAnnouncements(
    new db.ClaimFileAnnouncementsRequest({ limit: 100 }),
  );
  return (files ?? []).map(({ taskId }) => taskId);
}

async function confirm(...taskIds: string[]) {
  return (await filesRpc(context).confirmFileAnnouncements(new db.FileTaskIds({ taskIds }))).done;
}

/** Moves the announcement times `seconds` into the past. */
const later = (seconds: number) =>
  database.dataSource.query(`UPDATE file_task SET announce_at = announce_at - $1 * interval '1 s'`, [
    seconds,
  ]);

async function list(userId: number) {
  return (await filesRpc(context).listOfflineFiles(new db.UserRequest({ userId }))).files ?? [];
}

async function remove(request: teamtalk.db.DeleteOfflineFileRequest.$Properties) {
  return (await filesRpc(context).deleteOfflineFile(new db.DeleteOfflineFileRequest(request))).done;
}

describe('a task', () => {
  test('is known to every replica with all its fields', async () => {
    const other = await createTestContext(database.url);
    const { id } = await create({ fileName: '报告 (1).docx', fileSize: 0xffff_ffff });
    expect(await find(id, other)).toEqual({
      taskId: id,
      fromUserId: 1,
      toUserId: 2,
      fileName: '报告 (1).docx',
      fileSize: 0xffff_ffff,
      offline: true,
      stored: 0,
      complete: false,
      expiresInMs: expect.any(Number),
      parts: [],
    });
    await other.close();
  });

  test('stores the file name unchanged', async () => {
    for (const fileName of [
      '..\\..\\boot.ini',
      '/etc/passwd',
      "'; DROP TABLE file_task; --",
      '😀'.repeat(255),
    ]) {
      expect((await find((await create({ fileName })).id))?.fileName).toBe(fileName);
    }
  });

  test('created again with the same id, after a lost reply, is the same task', async () => {
    const { id } = await create();
    expect(await create({ taskId: id })).toEqual({ result: FILE_TASK_OK, id });
    const rows = await database.dataSource.query('SELECT count(*)::int AS n FROM file_task');
    expect(rows).toEqual([{ n: 1 }]);
  });

  test.each([
    { taskId: '' },
    { taskId: 'x'.repeat(65) },
    { taskId: 'a\0b' },
    { fileName: '' },
    { fileName: 'x'.repeat(256) },
    { fileName: 'a\0b' },
    { fromUserId: 0 },
    { fromUserId: 77 },
    { fromUserId: 9 },
    { toUserId: 9 },
    { toUserId: 0x8000_0000 },
  ])('that cannot be is refused: %o', async (given) => {
    expect((await create(given)).result).toBe(FILE_TASK_BAD_REQUEST);
  });

  test('reports its remaining lifetime since the last progress', async () => {
    const left = async (id: string) => (await find(id))?.expiresInMs ?? 0;
    const { id } = await create({ lifetimeMs: 10_000 });
    expect(await left(id)).toBeGreaterThan(9_000);
    expect(await left(id)).toBeLessThanOrEqual(10_000);
    await addPart(id, 0, 100);
    expect(await left(id)).toBeGreaterThan(lifetimeMs - 1_000);
    await extend(id, 20_000);
    expect(await left(id)).toBeLessThanOrEqual(20_000);
  });

  test('is unknown before it is created and after it has expired', async () => {
    const { id } = await create();
    expect(await extend(id, 0)).toBe(true);
    for (const taskId of [id, randomUUID(), '', 'a\0b']) {
      expect((await filesRpc(context).getFileTask(new db.GetFileTaskRequest({ taskId }))).result).toBe(
        FILE_TASK_UNKNOWN,
      );
    }
    expect(await extend(id, lifetimeMs)).toBe(false);
    expect(await addPart(id, 0, 100)).toBe(false);
  });

  test('is listed once expired, until it is removed; one that has not expired cannot be removed', async () => {
    const alive = await create();
    const over = await create({ lifetimeMs: 0 });
    const expired = async () =>
      (await filesRpc(context).listExpiredFileTasks(new db.ListExpiredFileTasksRequest({ limit: 10 })))
        .taskIds;
    expect(await expired()).toEqual([over.id]);
    await filesRpc(context).removeFileTasks(new db.FileTaskIds({ taskIds: [alive.id, over.id] }));
    expect(await expired()).toEqual([]);
    expect(await find(alive.id)).toBeDefined();
  });
});

describe('quotas', () => {
  test('limit the unfinished tasks of one sender', async () => {
    for (let i = 0; i < 3; i++) await create({ offline: i % 2 === 0 });
    expect((await create({ maxUnfinished: 3 })).result).toBe(FILE_TASK_TOO_MANY);
    expect((await create({ maxUnfinished: 3, fromUserId: 3 })).result).toBe(FILE_TASK_OK);
    expect((await create({ maxUnfinished: 4 })).result).toBe(FILE_TASK_OK);
  });

  test('limit the bytes of one sender and of all senders exactly', async () => {
    const first = await create({ fileSize: 600 });
    expect((await create({ fileSize: 401, maxUserBytes: 1000 })).result).toBe(FILE_TASK_USER_QUOTA);
    expect((await create({ fileSize: 400, maxUserBytes: 1000 })).result).toBe(FILE_TASK_OK);
    expect((await create({ fromUserId: 3, fileSize: 1, maxTotalBytes: 1000 })).result).toBe(
      FILE_TASK_TOTAL_QUOTA,
    );
    expect((await create({ fromUserId: 3, fileSize: 500, maxUserBytes: 1000 })).result).toBe(FILE_TASK_OK);
    const online = { offline: false, fileSize: 5000, maxUserBytes: 1000, maxTotalBytes: 1000 };
    expect((await create(online)).result).toBe(FILE_TASK_OK);
    // Of an expired task, what is stored counts until it is deleted; what was never sent does not.
    await addPart(first.id, 0, 200);
    await extend(first.id, 0);
    expect((await create({ fileSize: 401, maxUserBytes: 1000 })).result).toBe(FILE_TASK_USER_QUOTA);
    expect((await create({ fileSize: 400, maxUserBytes: 1000 })).result).toBe(FILE_TASK_OK);
    await filesRpc(context).removeFileTasks(new db.FileTaskIds({ taskIds: [first.id] }));
    expect((await create({ fileSize: 200, maxUserBytes: 1000 })).result).toBe(FILE_TASK_OK);
  });

  test('count what is stored of all files, and of what is declared a bounded part for each sender', async () => {
    const quota = { maxTotalBytes: 1000, maxReservedBytes: 100 };
    for (let i = 0; i < 10; i++) {
      expect((await create({ fileSize: 900, ...quota })).result, `file ${i}`).toBe(FILE_TASK_OK);
    }
    const [sender] = [await create({ fromUserId: 3, fileSize: 900, ...quota })];
    expect(sender.result).toBe(FILE_TASK_OK);
    await addPart(sender.id, 0, 700);
    // Stored 700, reserved 100 for each of the two.
    expect((await create({ fromUserId: 4, fileSize: 100, ...quota })).result).toBe(FILE_TASK_OK);
    expect((await create({ fromUserId: 5, fileSize: 1, ...quota })).result).toBe(FILE_TASK_TOTAL_QUOTA);
    expect((await create({ fromUserId: 3, fileSize: 1, ...quota })).result).toBe(FILE_TASK_OK);
  });

  test('refuse a file that has no room, however little of it would be reserved', async () => {
    const quota = { maxTotalBytes: 1000, maxReservedBytes: 100 };
    expect((await create({ fileSize: 1001, ...quota })).result).toBe(FILE_TASK_TOTAL_QUOTA);
    expect((await create({ fileSize: 1000, ...quota })).result).toBe(FILE_TASK_OK);
  });

  test('stop an upload that would store more than everybody may, but no part that is known', async () => {
    const add = async (taskId: string, start: number, on = context) => {
      const part = { start, size: 60, key: `${taskId}/${start}`, sha256 };
      const request = new db.AddFilePartRequest({ taskId, part, lifetimeMs, maxTotalBytes: 200 });
      const { done, full } = await filesRpc(on).addFilePart(request);
      return full ? 'full' : done;
    };
    const fresh = await createTestContext(database.url);
    const [one, two] = [await create({ fileSize: 120 }), await create({ fileSize: 120 })];
    expect([await add(one.id, 0, fresh), await add(one.id, 60, fresh)]).toEqual([true, true]);
    expect([await add(two.id, 0, fresh), await add(two.id, 60, fresh)]).toEqual([true, 'full']);
    expect(await add(two.id, 0, fresh), 'again').toBe(true);
    // Another replica counts for itself.
    const other = await createTestContext(database.url);
    expect(await add(two.id, 60, other)).toBe('full');
    await Promise.all([fresh.close(), other.close()]);
  });

  test('stop parts that come together when they have no room together', async () => {
    const tasks = await Promise.all(Array.from({ length: 5 }, () => create({ fileSize: 60 })));
    const fresh = await createTestContext(database.url);
    const replies = await Promise.all(
      tasks.map(({ id }) => {
        const part = { start: 0, size: 60, key: `${id}/0`, sha256 };
        const request = new db.AddFilePartRequest({ taskId: id, part, lifetimeMs, maxTotalBytes: 200 });
        return filesRpc(fresh).addFilePart(request);
      }),
    );
    expect(replies.filter(({ done }) => done)).toHaveLength(3);
    expect(replies.filter(({ full }) => full)).toHaveLength(2);
    await fresh.close();
  });

  test('hold for concurrent requests through two replicas', async () => {
    const other = await createTestContext(database.url);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => create({ maxUserBytes: 500 }, i % 2 ? other : context)),
    );
    expect(replies.filter(({ result }) => result === FILE_TASK_OK)).toHaveLength(5);
    await other.close();
  });

  test('limit the files of one sender that wait for one receiver; other senders are not affected', async () => {
    await database.dataSource.query(
      `INSERT INTO file_task (id, from_id, to_id, name, size, offline, expires_at)
        SELECT gen_random_uuid(), 1, 2, 'f', 1, true, now() + interval '1 hour' FROM generate_series(1, 199)`,
    );
    expect((await create()).result).toBe(FILE_TASK_OK);
    expect((await create()).result).toBe(FILE_TASK_TOO_MANY);
    expect((await create({ fromUserId: 3 })).result).toBe(FILE_TASK_OK);
    expect((await create({ toUserId: 3 })).result).toBe(FILE_TASK_OK);
  });
});

describe('an upload', () => {
  test('grows part by part, without gaps and not beyond the end', async () => {
    const { id } = await create();
    expect(await addPart(id, 1, 10)).toBe(false);
    expect(await addPart(id, 0, 101)).toBe(false);
    expect(await addPart(id, 0, 60)).toBe(true);
    expect(await addPart(id, 0, 60), 'again').toBe(true);
    expect(await addPart(id, 0, 60, 'another key')).toBe(false);
    expect(await addPart(id, 50, 50)).toBe(false);
    expect(await complete(id)).toBe(false);
    expect(await addPart(id, 60, 40)).toBe(true);
    const task = await find(id);
    expect(task).toMatchObject({ stored: 100, complete: false });
    expect(task?.parts?.map(({ start, size, key }) => ({ start, size, key }))).toEqual([
      { start: 0, size: 60, key: `${id}/0` },
      { start: 60, size: 40, key: `${id}/60` },
    ]);
    expect(await complete(id)).toBe(true);
    expect(await complete(id), 'again').toBe(true);
    expect(await complete(id, randomBytes(32)), 'of another hash').toBe(false);
    expect(await find(id)).toMatchObject({ complete: true, sha256 });
    expect(await addPart(id, 100, 1)).toBe(false);
  });

  test('of the largest possible file is stored to its last byte', async () => {
    const size = 0xffff_ffff;
    const { id } = await create({ fileSize: size });
    const cuts = [0, 0x7fff_ffff, 0x8000_0000, size - 1, size];
    for (const [i, start] of cuts.slice(0, -1).entries()) {
      expect(await addPart(id, start, cuts[i + 1]! - start), `from ${start} on`).toBe(true);
    }
    const task = await find(id);
    expect(task?.stored).toBe(size);
    expect(task?.parts?.map(({ start }) => start)).toEqual(cuts.slice(0, -1));
    expect(await complete(id)).toBe(true);
    expect(await list(2)).toMatchObject([{ taskId: id, fileSize: size }]);
  });

  test('by two connections at once adds each part once', async () => {
    const { id } = await create();
    const added = await Promise.all(Array.from({ length: 8 }, (_, i) => addPart(id, 0, 10, `key ${i}`)));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect((await find(id))?.stored).toBe(10);
  });

  test('can be cut back as long as it is not complete', async () => {
    const { id } = await create();
    const cut = async (start: number) =>
      (await filesRpc(context).cutFileParts(new db.CutFilePartsRequest({ taskId: id, start }))).done;
    for (let start = 0; start < 100; start += 25) await addPart(id, start, 25);
    expect(await cut(25)).toBe(true);
    expect(await find(id)).toMatchObject({ stored: 25, parts: [{ start: 0 }] });
    await addPart(id, 25, 75);
    await complete(id);
    expect(await cut(0)).toBe(false);
    expect(await find(id)).toMatchObject({ stored: 100, complete: true });
  });

  test('of an empty file has no part; an online transfer is never complete', async () => {
    expect(await complete((await create({ fileSize: 0 })).id)).toBe(true);
    expect(await complete((await create({ fileSize: 0, offline: false })).id)).toBe(false);
    expect(await addPart((await create({ offline: false })).id, 0, 10)).toBe(false);
  });
});

describe('a complete upload', () => {
  test('is listed for its receiver only, from completion on', async () => {
    const { id } = await create();
    expect(await list(2)).toEqual([]);
    await addPart(id, 0, 100);
    await complete(id);
    const file = { fromUserId: 1, toUserId: 2, taskId: id, fileName: 'report.pdf', fileSize: 100 };
    expect(await list(2)).toEqual([file]);
    for (const other of [1, 3, 0, 0xffff_ffff]) expect(await list(other)).toEqual([]);
    expect(await announce(id)).toEqual({ done: true, file });
    expect(await announce(id)).toEqual({ done: true, file });
    expect(await list(2)).toEqual([file]);
  });

  test('is listed under the name it was announced with', async () => {
    const id = await uploaded({ fileName: 'C:\\Users\\a\\report.pdf' });
    expect((await announce(id)).file?.fileName).toBe('report.pdf');
    for (const unusable of ['', 'x'.repeat(256), 'a\0b']) {
      expect((await announce(id, 1, 2, unusable)).file?.fileName, 'as before').toBe('report.pdf');
    }
    expect((await list(2)).map(({ fileName }) => fileName)).toEqual(['report.pdf']);
  });

  test('can be announced by its sender to its receiver only', async () => {
    for (const id of [randomUUID(), '', 'a\0b']) expect(await announce(id)).toEqual({ done: false });
    const online = await create({ offline: false });
    expect(await announce(online.id)).toEqual({ done: false });
    const id = await uploaded();
    for (const [from, to] of [
      [2, 1],
      [1, 3],
      [3, 2],
      [0, 2],
      [1, 0x8000_0000],
    ] as const) {
      expect(await announce(id, from, to)).toEqual({ done: false });
    }
  });

  test('that its sender announced early is due for announcement as soon as it is complete', async () => {
    const { id } = await create();
    await addPart(id, 0, 99);
    expect(await announce(id)).toEqual({ done: false, remembered: true });
    expect(await announce(id)).toEqual({ done: false, remembered: true });
    expect(await claim()).toEqual([]);
    expect(await confirm(id)).toBe(false);
    await addPart(id, 99, 1);
    await complete(id);
    expect(await claim()).toEqual([id]);
    expect(await claim(), 'nobody else gets it').toEqual([]);
    await later(11);
    expect(await claim(), 'unless the first one died').toEqual([id]);
    expect(await confirm(id)).toBe(true);
    await later(1_000);
    expect(await claim()).toEqual([]);
  });

  test('is due for announcement by others after a crash of the announcer, or when the sender never asks', async () => {
    const asked = await uploaded();
    const unasked = await uploaded({ toUserId: 3 });
    const gone = await uploaded();
    expect((await announce(asked)).done).toBe(true);
    expect(await claim()).toEqual([]);
    await database.dataSource.query('UPDATE file_task SET expires_at = now() WHERE id = $1', [gone]);
    await later(11);
    expect(await claim()).toEqual([asked]);
    await confirm(asked);
    await later(20);
    expect(await claim()).toEqual([unasked]);
  });

  test('is claimed by one of several concurrent callers', async () => {
    for (let round = 0; round < 20; round++) {
      const { id } = await create();
      await addPart(id, 0, 100);
      const [told] = await Promise.all([announce(id), complete(id)]);
      expect(await claim(), JSON.stringify(told)).toEqual(told.done ? [] : [id]);
    }
  });

  test('can be sent to oneself', async () => {
    const id = await uploaded({ toUserId: 1 });
    expect((await list(1)).map(({ taskId }) => taskId)).toEqual([id]);
  });

  test('can be removed by its receiver only, once; then its blobs may be deleted', async () => {
    const id = await uploaded();
    const second = await uploaded();
    expect(await remove({ userId: 1, fromUserId: 1, taskId: id }), 'the sender').toBe(false);
    expect(await remove({ userId: 3, fromUserId: 1, taskId: id }), 'a stranger').toBe(false);
    expect(await remove({ userId: 2, fromUserId: 3, taskId: id }), 'another sender’s').toBe(false);
    expect(await remove({ userId: 2, fromUserId: 1, taskId: id.slice(1) })).toBe(false);
    expect(await remove({ userId: 2, fromUserId: 1, taskId: 'a\0b' })).toBe(false);
    expect(await remove({ userId: 0xffff_ffff, fromUserId: 1, taskId: id })).toBe(false);
    expect(await remove({ userId: 2, fromUserId: 1, taskId: id })).toBe(true);
    expect(await remove({ userId: 2, fromUserId: 1, taskId: id })).toBe(false);
    expect((await list(2)).map(({ taskId }) => taskId)).toEqual([second]);
    const { taskIds } = await filesRpc(context).listExpiredFileTasks(
      new db.ListExpiredFileTasksRequest({ limit: 10 }),
    );
    expect(taskIds).toEqual([id]);
    expect(await announce(id)).toEqual({ done: false });
  });

  test('leaves the list when it expires', async () => {
    const id = await uploaded();
    await database.dataSource.query('UPDATE file_task SET expires_at = now() WHERE id = $1', [id]);
    expect(await list(2)).toEqual([]);
    expect(await announce(id)).toEqual({ done: false });
  });

  test('is listed oldest first in a bounded list; the rest follow when those are fetched', async () => {
    await database.dataSource.query(
      `INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
        SELECT 't' || s || '-' || n, s, 2, 'f', 1, true, 1, $1, to_timestamp(10000 - n * 10 - s), now() + interval '1 day'
        FROM generate_series(3, 8) s, generate_series(1, 100) n`,
      [sha256],
    );
    const ids = (await list(2)).map(({ taskId }) => taskId);
    expect(ids).toHaveLength(500);
    expect(ids.slice(0, 3)).toEqual(['t8-100', 't7-100', 't6-100']);
    await uploaded();
    expect((await list(2)).map(({ taskId }) => taskId)).toEqual(ids);
  });
});
