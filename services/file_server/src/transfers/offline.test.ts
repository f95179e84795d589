import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Commands, IM } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { waitUntil } from '@teamtalk/testkit/infrastructure';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { from, Installation, metricsOf, Role, to } from '../testing/installation.js';
import { newPartKey } from './part-key.js';

const { CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;
const block = 32_768;
/** Two blocks a part. */
const part = 2 * block;

let installation: Installation;
let first: Service;
let second: Service;
beforeAll(async () => {
  installation = await Installation.start();
  const env = { PART_BYTES: String(part) };
  [first, second] = await Promise.all([installation.fileServer(env), installation.fileServer(env)]);
});
afterAll(() => installation.stop());

/** Uploads by the dialogue of a legacy client. */
async function upload(content: Buffer, at = first): Promise<string> {
  const taskId = await installation.task(content.length, 'offline');
  const side = await installation.enter(at, from, taskId, Role.upload);
  await side.answerPulls(content);
  expect(await side.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_DONE,
    taskId,
    userId: from,
  });
  await side.raw.closed;
  return taskId;
}

async function download(taskId: string, size: number, at: Service, offset = 0): Promise<Buffer> {
  const side = await installation.enter(at, to, taskId, Role.download);
  const content = await side.pullAll(size, offset);
  expect(await side.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_DONE,
    taskId,
    userId: to,
  });
  side.raw.close();
  return content;
}

it.each([0, 1, block - 1, block, part, part + 1, 5 * part + 12_345])(
  'a file of %d bytes comes back from either file_server, byte for byte',
  async (size) => {
    const content = randomBytes(size);
    const taskId = await upload(content);
    const task = installation.db.tasks.get(taskId);
    expect(task).toMatchObject({ stored: size, complete: true });
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(Buffer.from(task!.sha256!).toString('hex')).toBe(sha256);
    if (size === 0) return;
    for (const at of [first, second]) expect((await download(taskId, size, at)).equals(content)).toBe(true);
  },
);

it('an empty file is pulled once', async () => {
  const taskId = await upload(Buffer.alloc(0));
  const side = await installation.enter(second, to, taskId, Role.download);
  await side.pull(0, 0);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 0, offset: 0 });
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  side.raw.close();
});

it('the server asks for one block after the other, with seq_num 0', async () => {
  const taskId = await installation.task(block + 10, 'offline');
  const side = await installation.enter(first, from, taskId, Role.upload);
  const pull = { taskId, userId: from, transMode: 2, seqNum: 0 };
  expect(await side.expect(Commands.FilePullDataReq)).toMatchObject({ ...pull, offset: 0, dataSize: block });
  await side.data(0, Buffer.alloc(block));
  expect(await side.expect(Commands.FilePullDataReq)).toMatchObject({ ...pull, offset: block, dataSize: 10 });
  side.raw.close();
});

it('a broken upload goes on where it broke, at another file_server', async () => {
  const content = randomBytes(4 * part + 100);
  const taskId = await installation.task(content.length, 'offline');
  const broken = await installation.enter(first, from, taskId, Role.upload);
  await broken.answerPulls(content, 7);
  await broken.raw.next();
  broken.raw.close();
  await waitUntil(() => installation.db.tasks.get(taskId)?.stored === 7 * block, { what: 'all that came' });
  const side = await installation.enter(second, from, taskId, Role.upload);
  const pull = await side.expect(Commands.FilePullDataReq);
  expect(pull).toMatchObject({ offset: 7 * block });
  await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
  await side.answerPulls(content);
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  expect(Buffer.from(installation.db.tasks.get(taskId)!.sha256!)).toEqual(
    createHash('sha256').update(content).digest(),
  );
  expect((await download(taskId, content.length, first)).equals(content)).toBe(true);
  expect(await metricsOf(second)).toContain('uploads_resumed_total 1\n');
});

it('whoever comes back at once goes on exactly where he was', async () => {
  const content = randomBytes(3 * part);
  const taskId = await installation.task(content.length, 'offline');
  for (let sent = 0; sent < 6; sent++) {
    const side = await installation.enter(first, from, taskId, Role.upload);
    const pull = await side.expect(Commands.FilePullDataReq);
    expect(pull.offset).toBe(sent * block);
    await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
    if (sent < 5) await side.expect(Commands.FilePullDataReq);
    else expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
    side.raw.close();
    await side.raw.closed;
    // Until the server has noticed.
    await waitUntil(async () => (await metricsOf(first)).includes('file_server_connections 0\n'), {
      what: 'gone',
    });
  }
  expect((await download(taskId, content.length, second)).equals(content)).toBe(true);
});

it('an upload that is complete says so to a client that missed it', async () => {
  const taskId = await upload(randomBytes(10));
  const side = await installation.enter(second, from, taskId, Role.upload);
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  await side.raw.closed;
});

it('of two uploads of one task the slower one is closed; the file is whole', async () => {
  const content = randomBytes(2 * part);
  const taskId = await installation.task(content.length, 'offline');
  const slow = await installation.enter(first, from, taskId, Role.upload);
  const fast = await installation.enter(second, from, taskId, Role.upload);
  await slow.answerPulls(content, 1);
  await fast.answerPulls(content);
  expect(await fast.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  await slow.answerPulls(content).catch(() => {});
  await slow.raw.closed;
  await expect
    .poll(() => metricsOf(first), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="overtaken"} 1\n');
  expect((await download(taskId, content.length, first)).equals(content)).toBe(true);
});

it('a stored part that is damaged or gone is asked for again', async () => {
  const content = randomBytes(3 * part + 1);
  for (const harm of [(file: string) => writeFile(file, randomBytes(part)), (file: string) => rm(file)]) {
    const taskId = await installation.task(content.length, 'offline');
    const broken = await installation.enter(first, from, taskId, Role.upload);
    await broken.answerPulls(content, 6);
    await waitUntil(() => installation.db.tasks.get(taskId)?.stored === 3 * part, { what: 'three parts' });
    broken.raw.close();
    const files = (await installation.blobs()).filter((file) => file.includes(taskId));
    await harm(files[1]!);
    const side = await installation.enter(second, from, taskId, Role.upload);
    const pull = await side.expect(Commands.FilePullDataReq);
    expect(pull).toMatchObject({ offset: part });
    await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
    await side.answerPulls(content);
    expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
    expect((await download(taskId, content.length, first)).equals(content)).toBe(true);
  }
});

it('a download of a damaged file ends in an error, not in wrong bytes taken for right', async () => {
  const content = randomBytes(3 * part);
  const taskId = await upload(content);
  const [, file] = (await installation.blobs()).filter((each) => each.includes(taskId));
  const bytes = await readFile(file!);
  bytes[1_000]! ^= 1;
  await writeFile(file!, bytes);
  const side = await installation.enter(second, to, taskId, Role.download);
  await expect(side.pullAll(content.length)).rejects.toThrow('a pull was refused: 9');
  await side.raw.closed;
  expect(await metricsOf(second)).toContain('parts_damaged_total');
});

it('a file is not gone before who is fetching it has it', async () => {
  const content = randomBytes(3 * block);
  const hour = 3_600_000;
  for (const [left, extensions] of [
    [10 * hour, 0],
    [hour / 2, 1],
  ] as const) {
    const taskId = await upload(content);
    installation.db.tasks.get(taskId)!.expiresInMs = left;
    expect((await download(taskId, content.length, second)).equals(content)).toBe(true);
    expect(installation.db.extended.filter((id) => id === taskId)).toHaveLength(extensions);
  }
});

it('a download goes on from anywhere, and can jump', async () => {
  const content = randomBytes(3 * part + 500);
  const taskId = await upload(content);
  for (const offset of [1, block, part, part + 7, 3 * part + 499]) {
    const rest = await download(taskId, content.length, second, offset);
    expect(rest.equals(content.subarray(offset))).toBe(true);
  }
  const side = await installation.enter(second, to, taskId, Role.download);
  for (const offset of [3 * part, 5, 2 * part - 3, 0]) {
    await side.pull(offset, 10, 12);
    const reply = await side.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ resultCode: 0, offset, seqNum: 12 });
    expect(Buffer.from(reply.fileData)).toEqual(content.subarray(offset, offset + 10));
  }
  side.raw.close();
});

it('of the largest file there can be, the end is given like any other part', async () => {
  const size = 0xffff_ffff;
  const taskId = await installation.task(size, 'offline');
  const content = randomBytes(2 * part);
  const start = size - content.length;
  // What is before them is not there: nobody is to look at it.
  const parts = await Promise.all(
    [0, part].map(async (at) => {
      const bytes = content.subarray(at, at + part);
      const key = newPartKey(taskId, start + at);
      await mkdir(path.dirname(path.join(installation.folder, key)), { recursive: true });
      await writeFile(path.join(installation.folder, key), bytes);
      const sha256 = createHash('sha256').update(bytes).digest();
      return { start: start + at, size: part, key, sha256 };
    }),
  );
  Object.assign(installation.db.tasks.get(taskId)!, { stored: size, complete: true, parts });
  for (const offset of [start, start + part - 1, size - block - 1, size - 1]) {
    const rest = await download(taskId, size, second, offset);
    expect(rest.equals(content.subarray(offset - start)), `from ${offset} on`).toBe(true);
  }
});

it.each([
  ['another offset', 1, 4],
  ['too little', 0, 3],
  ['too much', 0, 5],
])('data that was not asked for closes the upload: %s', async (_, offset, size) => {
  const taskId = await installation.task(4, 'offline');
  const side = await installation.enter(first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await side.data(offset, Buffer.alloc(size));
  await side.raw.closed;
  expect(installation.db.tasks.get(taskId)).toMatchObject({ stored: 0 });
  expect((await installation.blobs()).filter((file) => file.includes(taskId))).toEqual([]);
});

it('more blocks than were asked for close the upload', async () => {
  const taskId = await installation.task(2 * block, 'offline');
  const side = await installation.enter(first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await Promise.all([side.data(0, Buffer.alloc(block)), side.data(block, Buffer.alloc(block))]);
  await side.raw.closed;
});

it('a pull by the uploader and data by the downloader close', async () => {
  const taskId = await installation.task(4, 'offline');
  const side = await installation.enter(first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await side.pull(0, 4, 3);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 6, seqNum: 3 });
  await side.raw.closed;
  const done = await upload(Buffer.from('abcd'));
  const receiver = await installation.enter(first, to, done, Role.download);
  await receiver.data(0, Buffer.from('x'));
  await receiver.raw.closed;
});

it.each([
  ['beyond the end', 11, 1, 0x0b],
  ['at the end', 10, 1, 0x0c],
  ['of nothing', 0, 0, 0x0b],
  ['of more than a block', 0, block + 1, 0x0b],
])('a pull %s is refused', async (_, offset, size, resultCode) => {
  const taskId = await upload(Buffer.alloc(10));
  const side = await installation.enter(second, to, taskId, Role.download);
  await side.pull(offset, size, 44);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode, offset, seqNum: 44 });
  await side.raw.closed;
});

it('a cancelled upload is over, and nothing of it stays', async () => {
  const sweeping = await installation.fileServer({ PART_BYTES: String(part), SWEEP_MS: '50' });
  const content = randomBytes(2 * part);
  const taskId = await installation.task(content.length, 'offline');
  const side = await installation.enter(sweeping, from, taskId, Role.upload);
  await side.answerPulls(content, 3);
  await waitUntil(() => installation.db.tasks.get(taskId)?.stored === part, { what: 'one part' });
  await side.state(CLIENT_FILE_CANCEL);
  await side.raw.closed;
  await waitUntil(() => !installation.db.tasks.has(taskId), { what: 'the task is forgotten' });
  expect((await installation.blobs()).filter((file) => file.includes(taskId))).toEqual([]);
  await sweeping.stop();
});

it('a receiver who cancels or refuses a download can fetch the file later', async () => {
  const content = randomBytes(100);
  const taskId = await upload(content);
  for (const state of [CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE]) {
    const side = await installation.enter(first, to, taskId, Role.download);
    await side.state(state);
    await side.raw.closed;
  }
  expect((await download(taskId, 100, first)).equals(content)).toBe(true);
});

it('an uploader who says nothing more, and a downloader who does not either, are closed', async () => {
  const hasty = await installation.fileServer({ STALL_MS: '200', IDLE_MS: '200' });
  const taskId = await installation.task(4, 'offline');
  const side = await installation.enter(hasty, from, taskId, Role.upload);
  await side.raw.closed;
  const done = await upload(Buffer.from('abcd'));
  const receiver = await installation.enter(hasty, to, done, Role.download);
  await receiver.raw.closed;
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="stalled"} 1\n');
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="idle"} 1\n');
  await hasty.stop();
});

it('a downloader who does not read is closed, and costs little until then', async () => {
  const hasty = await installation.fileServer({ STALL_MS: '400' });
  const content = randomBytes(40 * part);
  const taskId = await upload(content);
  const side = await installation.enter(hasty, to, taskId, Role.download);
  side.raw.socket.pause();
  for (let i = 0; i < 60; i++) await side.pull(i * block, block, i);
  await waitUntil(
    async () => /closed_total\{reason="(not_reading|too_many_pulls)"\} 1/.test(await metricsOf(hasty)),
    {
      what: 'closed',
    },
  );
  side.raw.close();
  await hasty.stop();
});
