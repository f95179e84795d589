import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { newPartKey } from '../tasks/part-key.js';
import { block, OfflineFiles, part } from '../testing/offline-files.js';
import { metricsOf, Role, to } from '../testing/test-installation.js';

const { CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

const files = OfflineFiles.forAll();

it('an empty file is pulled once', async () => {
  const taskId = await files.upload(Buffer.alloc(0));
  const side = await files.installation.enter(files.second, to, taskId, Role.download);
  await side.pull(0, 0);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 0, offset: 0 });
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  side.raw.close();
});

it('a download of a damaged file fails instead of returning wrong bytes', async () => {
  const content = randomBytes(3 * part);
  const taskId = await files.upload(content);
  const [, file] = (await files.installation.blobs()).filter((each) => each.includes(taskId));
  const bytes = await readFile(file!);
  bytes[1_000]! ^= 1;
  await writeFile(file!, bytes);
  const side = await files.installation.enter(files.second, to, taskId, Role.download);
  await expect(side.pullAll(content.length)).rejects.toThrow('a pull was refused: 9');
  await side.raw.closed;
  expect(await metricsOf(files.second)).toContain('parts_damaged_total');
});

it('a file does not expire while it is downloaded', async () => {
  const content = randomBytes(3 * block);
  const hour = 3_600_000;
  for (const [left, extensions] of [
    [10 * hour, 0],
    [hour / 2, 1],
  ] as const) {
    const taskId = await files.upload(content);
    // Those of its upload.
    files.installation.db.extended.length = 0;
    files.installation.db.tasks.get(taskId)!.expiresInMs = left;
    expect((await files.download(taskId, content.length, files.second)).equals(content)).toBe(true);
    expect(files.installation.db.extended.filter((id) => id === taskId)).toHaveLength(extensions);
  }
});

it('a download resumes at any offset, and can seek', async () => {
  const content = randomBytes(3 * part + 500);
  const taskId = await files.upload(content);
  for (const offset of [1, block, part, part + 7, 3 * part + 499]) {
    const rest = await files.download(taskId, content.length, files.second, offset);
    expect(rest.equals(content.subarray(offset))).toBe(true);
  }
  const side = await files.installation.enter(files.second, to, taskId, Role.download);
  for (const offset of [3 * part, 5, 2 * part - 3, 0]) {
    await side.pull(offset, 10, 12);
    const reply = await side.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ resultCode: 0, offset, seqNum: 12 });
    expect(Buffer.from(reply.fileData)).toEqual(content.subarray(offset, offset + 10));
  }
  side.raw.close();
});

it('the end of the largest possible file can be downloaded', async () => {
  const size = 0xffff_ffff;
  const taskId = await files.installation.task(size, 'offline');
  const content = randomBytes(2 * part);
  const start = size - content.length;
  // The earlier parts do not exist: nothing may read them.
  const parts = await Promise.all(
    [0, part].map(async (at) => {
      const bytes = content.subarray(at, at + part);
      const key = newPartKey(taskId, start + at);
      await mkdir(path.dirname(path.join(files.installation.folder, key)), { recursive: true });
      await writeFile(path.join(files.installation.folder, key), bytes);
      const sha256 = createHash('sha256').update(bytes).digest();
      return { start: start + at, size: part, key, sha256 };
    }),
  );
  Object.assign(files.installation.db.tasks.get(taskId)!, { stored: size, complete: true, parts });
  for (const offset of [start, start + part - 1, size - block - 1, size - 1]) {
    const rest = await files.download(taskId, size, files.second, offset);
    expect(rest.equals(content.subarray(offset - start)), `from ${offset} on`).toBe(true);
  }
});

it.each([
  ['beyond the end', 11, 1, 0x0b],
  ['at the end', 10, 1, 0x0c],
  ['of nothing', 0, 0, 0x0b],
  ['of more than two blocks', 0, 2 * block + 1, 0x0b],
])('a pull %s is refused', async (_, offset, size, resultCode) => {
  const taskId = await files.upload(Buffer.alloc(10));
  const side = await files.installation.enter(files.second, to, taskId, Role.download);
  await side.pull(offset, size, 44);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode, offset, seqNum: 44 });
  await side.raw.closed;
});

it('a receiver who cancels or refuses a download can fetch the file later', async () => {
  const content = randomBytes(100);
  const taskId = await files.upload(content);
  for (const state of [CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE]) {
    const side = await files.installation.enter(files.first, to, taskId, Role.download);
    await side.state(state);
    await side.raw.closed;
  }
  expect((await files.download(taskId, 100, files.first)).equals(content)).toBe(true);
});

it('a downloader that does not read is closed, and costs little until then', async () => {
  const hasty = await files.installation.fileServer({ STALL_MS: '400' });
  const content = randomBytes(40 * part);
  const taskId = await files.upload(content);
  const side = await files.installation.enter(hasty, to, taskId, Role.download);
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
