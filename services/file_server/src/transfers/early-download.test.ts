import { randomBytes } from 'node:crypto';
import { type teamtalk, topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, HEADER_LENGTH, IM } from '@teamtalk/protocol';
import { beforeAll, expect, it } from 'vitest';
import { block, OfflineFiles, part } from '../testing/offline-files.js';
import { from, metricsOf, Role, type Side, to } from '../testing/test-installation.js';

const { CLIENT_FILE_CANCEL, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;
const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** The block size of a Windows client's first pull; later pulls use the size it was sent. */
const windowsBlock = 34 * 1024;

const files = OfflineFiles.forAll();
const notices: teamtalk.bus.NotifyUsers[] = [];
beforeAll(() => {
  files.installation.bus.subscribe(topics.notifyUsers, (notice) => void notices.push(notice));
});

/** A receiver that connects before the upload is complete and has pulled the first block. */
async function comeEarly(taskId: string, at = files.second): Promise<Side> {
  const receiver = await files.installation.enter(at, to, taskId, Role.download);
  await receiver.pull(0, windowsBlock, 21);
  return receiver;
}

/** Pulls as Windows does, after the first pull. */
async function takeAll(receiver: Side, size: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let offset = 0, seqNum = 21; offset < size; seqNum++) {
    const reply = await receiver.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ resultCode: 0, offset, seqNum });
    blocks.push(Buffer.from(reply.fileData));
    offset += reply.fileData.length;
    if (offset < size)
      await receiver.pull(offset, Math.min(reply.fileData.length, size - offset), seqNum + 1);
  }
  expect(await receiver.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  return Buffer.concat(blocks);
}

it.each(['at the same file_server', 'at another file_server'])(
  'a receiver that connects before the upload is complete gets the file as soon as it is, %s',
  async (where) => {
    const content = randomBytes(2 * part + 5_000);
    const taskId = await files.installation.task(content.length, 'offline');
    const receiver = await comeEarly(taskId, where === 'at another file_server' ? files.second : files.first);
    const sender = await files.installation.enter(files.first, from, taskId, Role.upload);
    await sender.answerPulls(content, 4);
    // Half of it is stored, and a pull of that half still waits.
    await waitUntil(() => (files.installation.db.tasks.get(taskId)?.stored ?? 0) >= part, { what: 'a part' });
    expect(receiver.raw.received).toEqual([]);
    await sender.answerPulls(content);
    expect((await takeAll(receiver, content.length)).equals(content)).toBe(true);
    receiver.raw.close();
  },
);

it('a missed event does not matter for long: the upload is also polled', async () => {
  const content = randomBytes(100);
  const taskId = await files.installation.task(content.length, 'offline');
  const receiver = await comeEarly(taskId);
  const part = { start: 0, size: 100, key: 'offline-files/x', sha256: Buffer.alloc(32) };
  // Completed by a process whose event is lost.
  Object.assign(files.installation.db.tasks.get(taskId)!, { stored: 100, complete: true, parts: [part] });
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 9, seqNum: 21 });
});

it.each(['cancelled by its sender', 'over'])('the receiver is told when an upload is %s', async (what) => {
  const taskId = await files.installation.task(part, 'offline');
  const receiver = await comeEarly(taskId);
  if (what === 'over') files.installation.db.ended.add(taskId);
  else {
    const sender = await files.installation.enter(files.first, from, taskId, Role.upload);
    await sender.state(CLIENT_FILE_CANCEL);
    await sender.raw.closed;
  }
  expect(await receiver.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_CANCEL,
    taskId,
    userId: from,
    seqNum: 0,
  });
  await receiver.raw.closed;
});

it('a waiting receiver is not idle, and leaves nothing behind', async () => {
  const hasty = await files.installation.fileServer({ IDLE_MS: '200', STALL_MS: '200' });
  const taskId = await files.installation.task(10, 'offline');
  const waiting = () => metricsOf(hasty);
  const silent = await files.installation.enter(hasty, to, taskId, Role.download);
  const asking = await comeEarly(taskId, hasty);
  await waitUntil(async () => (await waiting()).includes('awaited_uploads 2\n'), { what: 'two wait' });
  const other = await files.installation.task(10, 'online');
  const idle = await files.installation.enter(hasty, from, other, Role.sender);
  const peer = await files.installation.enter(hasty, to, other, Role.receiver);
  // Both of the others are older by then.
  await peer.raw.closed;
  idle.raw.close();
  for (const side of [silent, asking]) {
    await side.send(Commands.OtherHeartbeat, {}, 5);
    expect((await side.raw.next()).commandId).toBe(Commands.OtherHeartbeat.id);
    side.raw.close();
  }
  await waitUntil(async () => (await waiting()).includes('awaited_uploads 0\n'), { what: 'nobody waits' });
  await hasty.stop();
});

it('waiting pulls are bounded', async () => {
  const receiver = await comeEarly(await files.installation.task(100 * block, 'offline'));
  for (let i = 1; i < 9; i++) await receiver.pull(i * block, block, 21 + i);
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 0x0b, seqNum: 29 });
  await receiver.raw.closed;
});

it('an upload announced too early is announced when it is complete', async () => {
  const { db } = files.installation;
  const content = randomBytes(part + 1);
  const taskId = await files.installation.task(content.length, 'offline');
  db.asked.add(taskId);
  const sender = await files.installation.enter(files.first, from, taskId, Role.upload);
  await sender.answerPulls(content);
  expect(await sender.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  await waitUntil(() => db.announced.includes(taskId), { what: 'the announcement' });
  await files.installation.bus.flush();
  const [notice] = notices;
  expect(notice).toMatchObject({ userIds: [to], clientClass: 1, exceptConnection: 0 });
  const addresses = [files.first, files.second].map(({ ports }) => ports.client);
  const told = decodeBody(Commands.FileNotify, Buffer.from(notice!.pdu).subarray(HEADER_LENGTH));
  expect(told).toMatchObject({
    fromUserId: from,
    toUserId: to,
    fileName: 'a.txt',
    fileSize: content.length,
    taskId,
    transMode: FILE_TYPE_OFFLINE,
    offlineReady: 1,
  });
  expect(told.ipAddrList.map(({ port }) => port)).toEqual(expect.arrayContaining(addresses));
});
