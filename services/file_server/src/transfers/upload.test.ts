import { createHash, randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { block, OfflineFiles, part } from '../testing/offline-files.js';
import { from, metricsOf, Role, to } from '../testing/test-installation.js';

const { CLIENT_FILE_CANCEL, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

const files = OfflineFiles.forAll();

it.each([0, 1, block - 1, block, part, part + 1, 5 * part + 12_345])(
  'a file of %d bytes can be downloaded from either file_server, byte for byte',
  async (size) => {
    const content = randomBytes(size);
    const taskId = await files.upload(content);
    const task = files.installation.db.tasks.get(taskId);
    expect(task).toMatchObject({ stored: size, complete: true });
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(Buffer.from(task!.sha256!).toString('hex')).toBe(sha256);
    if (size === 0) return;
    for (const at of [files.first, files.second])
      expect((await files.download(taskId, size, at)).equals(content)).toBe(true);
  },
);

it('the server requests one block after the other, with seq_num 0', async () => {
  const taskId = await files.installation.task(block + 10, 'offline');
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  const pull = { taskId, userId: from, transMode: 2, seqNum: 0 };
  expect(await side.expect(Commands.FilePullDataReq)).toMatchObject({ ...pull, offset: 0, dataSize: block });
  await side.data(0, Buffer.alloc(block));
  expect(await side.expect(Commands.FilePullDataReq)).toMatchObject({ ...pull, offset: block, dataSize: 10 });
  side.raw.close();
});

it('an interrupted upload resumes where it broke, at another file_server', async () => {
  const content = randomBytes(4 * part + 100);
  const taskId = await files.installation.task(content.length, 'offline');
  const broken = await files.installation.enter(files.first, from, taskId, Role.upload);
  await broken.answerPulls(content, 7);
  await broken.raw.next();
  broken.raw.close();
  await waitUntil(() => files.installation.db.tasks.get(taskId)?.stored === 7 * block, {
    what: 'all that came',
  });
  const side = await files.installation.enter(files.second, from, taskId, Role.upload);
  const pull = await side.expect(Commands.FilePullDataReq);
  expect(pull).toMatchObject({ offset: 7 * block });
  await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
  await side.answerPulls(content);
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  expect(Buffer.from(files.installation.db.tasks.get(taskId)!.sha256!)).toEqual(
    createHash('sha256').update(content).digest(),
  );
  expect((await files.download(taskId, content.length, files.first)).equals(content)).toBe(true);
  expect(await metricsOf(files.second)).toContain('uploads_resumed_total 1\n');
});

it('a client that reconnects at once resumes exactly where it was', async () => {
  const content = randomBytes(3 * part);
  const taskId = await files.installation.task(content.length, 'offline');
  for (let sent = 0; sent < 6; sent++) {
    const side = await files.installation.enter(files.first, from, taskId, Role.upload);
    const pull = await side.expect(Commands.FilePullDataReq);
    expect(pull.offset).toBe(sent * block);
    await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
    if (sent < 5) await side.expect(Commands.FilePullDataReq);
    else expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
    side.raw.close();
    await side.raw.closed;
    // Until the server has noticed.
    await waitUntil(async () => (await metricsOf(files.first)).includes('file_server_connections 0\n'), {
      what: 'gone',
    });
  }
  expect((await files.download(taskId, content.length, files.second)).equals(content)).toBe(true);
});

it('a complete upload is reported to a client that missed the end', async () => {
  const taskId = await files.upload(randomBytes(10));
  const side = await files.installation.enter(files.second, from, taskId, Role.upload);
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  await side.raw.closed;
});

it('of two uploads of one task the slower one is closed; the file is intact', async () => {
  const content = randomBytes(2 * part);
  const taskId = await files.installation.task(content.length, 'offline');
  const slow = await files.installation.enter(files.first, from, taskId, Role.upload);
  const fast = await files.installation.enter(files.second, from, taskId, Role.upload);
  await slow.answerPulls(content, 1);
  await fast.answerPulls(content);
  expect(await fast.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  await slow.answerPulls(content).catch(() => {});
  await slow.raw.closed;
  await expect
    .poll(() => metricsOf(files.first), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="overtaken"} 1\n');
  expect((await files.download(taskId, content.length, files.first)).equals(content)).toBe(true);
});

it('a stored part that is damaged or missing is requested again', async () => {
  const content = randomBytes(3 * part + 1);
  for (const harm of [(file: string) => writeFile(file, randomBytes(part)), (file: string) => rm(file)]) {
    const taskId = await files.installation.task(content.length, 'offline');
    const broken = await files.installation.enter(files.first, from, taskId, Role.upload);
    await broken.answerPulls(content, 6);
    await waitUntil(() => files.installation.db.tasks.get(taskId)?.stored === 3 * part, {
      what: 'three parts',
    });
    broken.raw.close();
    const blobs = (await files.installation.blobs()).filter((blob) => blob.includes(taskId));
    await harm(blobs[1]!);
    const side = await files.installation.enter(files.second, from, taskId, Role.upload);
    const pull = await side.expect(Commands.FilePullDataReq);
    expect(pull).toMatchObject({ offset: part });
    await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
    await side.answerPulls(content);
    expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
    expect((await files.download(taskId, content.length, files.first)).equals(content)).toBe(true);
  }
});

it.each([
  ['another offset', 1, 4],
  ['too little', 0, 3],
  ['too much', 0, 5],
])('data that was not requested closes the upload: %s', async (_, offset, size) => {
  const taskId = await files.installation.task(4, 'offline');
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await side.data(offset, Buffer.alloc(size));
  await side.raw.closed;
  expect(files.installation.db.tasks.get(taskId)).toMatchObject({ stored: 0 });
  expect((await files.installation.blobs()).filter((file) => file.includes(taskId))).toEqual([]);
});

it('more blocks than were requested close the upload', async () => {
  const taskId = await files.installation.task(2 * block, 'offline');
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await Promise.all([side.data(0, Buffer.alloc(block)), side.data(block, Buffer.alloc(block))]);
  await side.raw.closed;
});

it('a pull by the uploader and data by the downloader close', async () => {
  const taskId = await files.installation.task(4, 'offline');
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  await side.pull(0, 4, 3);
  expect(await side.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 6, seqNum: 3 });
  await side.raw.closed;
  const done = await files.upload(Buffer.from('abcd'));
  const receiver = await files.installation.enter(files.first, to, done, Role.download);
  await receiver.data(0, Buffer.from('x'));
  await receiver.raw.closed;
});

it('a cancelled upload ends and leaves nothing behind', async () => {
  const sweeping = await files.installation.fileServer({ PART_BYTES: String(part), SWEEP_MS: '50' });
  const content = randomBytes(2 * part);
  const taskId = await files.installation.task(content.length, 'offline');
  const side = await files.installation.enter(sweeping, from, taskId, Role.upload);
  await side.answerPulls(content, 3);
  await waitUntil(() => files.installation.db.tasks.get(taskId)?.stored === part, { what: 'one part' });
  await side.state(CLIENT_FILE_CANCEL);
  await side.raw.closed;
  await waitUntil(() => !files.installation.db.tasks.has(taskId), { what: 'the task is forgotten' });
  expect((await files.installation.blobs()).filter((file) => file.includes(taskId))).toEqual([]);
  await sweeping.stop();
});

it('a silent uploader and a silent downloader are closed', async () => {
  const hasty = await files.installation.fileServer({ STALL_MS: '200', IDLE_MS: '200' });
  const taskId = await files.installation.task(4, 'offline');
  const side = await files.installation.enter(hasty, from, taskId, Role.upload);
  await side.raw.closed;
  const done = await files.upload(Buffer.from('abcd'));
  const receiver = await files.installation.enter(hasty, to, done, Role.download);
  await receiver.raw.closed;
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="stalled"} 1\n');
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="idle"} 1\n');
  await hasty.stop();
});

it('is closed when a block arrives byte by byte', async () => {
  const hasty = await files.installation.fileServer({ STALL_MS: '600' });
  const taskId = await files.installation.task(2 * block, 'offline');
  const side = await files.installation.enter(hasty, from, taskId, Role.upload);
  await side.answerPulls(Buffer.alloc(2 * block), 1);
  await side.expect(Commands.FilePullDataReq);
  const reply = { resultCode: 0, taskId, userId: from, offset: block, fileData: Buffer.alloc(block) };
  const pdu = encodePdu(Commands.FilePullDataRsp, reply, 7);
  let sent = 0;
  const drip = setInterval(() => void side.raw.send(pdu.subarray(sent, ++sent)).catch(() => {}), 5);
  await side.raw.closed;
  clearInterval(drip);
  expect(sent).toBeGreaterThan(5);
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="stalled"} 1\n');
  await hasty.stop();
});

it('has an hour from its first block on, and ten minutes for it', async () => {
  const { db } = files.installation;
  const taskId = await files.installation.task(2 * block, 'offline');
  expect(db.created.at(-1)).toMatchObject({ taskId, lifetimeMs: 600_000 });
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  await side.expect(Commands.FilePullDataReq);
  expect(db.extended).not.toContain(taskId);
  await side.data(0, Buffer.alloc(block));
  await waitUntil(() => db.extended.includes(taskId), { what: 'the hour begins' });
  side.raw.close();
  await waitUntil(() => db.tasks.get(taskId)?.stored === block, { what: 'what came is stored' });
});

it('ends when all files together have reached their quota, and goes on when there is room', async () => {
  const { db } = files.installation;
  const content = randomBytes(3 * part);
  const taskId = await files.installation.task(content.length, 'offline');
  const stored = [...db.tasks.values()].reduce((sum, each) => sum + (each.stored ?? 0), 0);
  db.maxStored = stored + part;
  const side = await files.installation.enter(files.first, from, taskId, Role.upload);
  await side.answerPulls(content).catch(() => {});
  await side.raw.closed;
  expect(db.tasks.get(taskId)?.stored).toBe(part);
  await expect.poll(() => metricsOf(files.first)).toContain('connections_closed_total{reason="quota"} 1\n');
  db.maxStored = Number.POSITIVE_INFINITY;
  const again = await files.installation.enter(files.first, from, taskId, Role.upload);
  await again.answerPulls(content);
  expect(await again.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  expect((await files.download(taskId, content.length, files.second)).equals(content)).toBe(true);
});
