import { readdir } from 'node:fs/promises';
import { type FileOffer, offlineFiles, sendFile, type TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { block, FilePeer, Role } from '@teamtalk/conformance';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeneratedFile } from './generated-file.js';

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const bytes = Buffer.alloc(2 * block, 'kept');

let cluster: TestCluster;
let ids: Record<string, number>;
afterAll(() => cluster?.stop());

async function start(env: Record<string, string>): Promise<void> {
  await cluster?.stop();
  cluster = await TestCluster.start({
    file_server: 2,
    envOf: { file_server: { PART_BYTES: String(block), SWEEP_MS: '100', ...env } },
  });
}

/** Asks for an offline transfer as a client does. */
function ask(from: TeamTalkClient, toUserId: number, fileSize: number) {
  const transfer = { fromUserId: from.userId, toUserId, fileName: 'kept.bin', fileSize };
  return from.request(Commands.FileRequest, Commands.FileResponse, {
    ...transfer,
    transMode: FILE_TYPE_OFFLINE,
  });
}

function open(userId: number, taskId: string, k = 0): Promise<FilePeer> {
  const address = { host: '127.0.0.1', port: cluster.port('file_server', k, 'client') };
  return FilePeer.open(address, { label: `user ${userId}`, userId, taskId, deadlineMs: 15_000 });
}

/** An upload that breaks off after its first block, which is kept. */
async function beginUpload(from: TeamTalkClient, toUserId: number, k = 0): Promise<string> {
  const { taskId } = await ask(from, toUserId, bytes.length);
  const peer = await open(from.userId, taskId, k);
  await peer.logIn(Role.upload);
  await peer.giveBlock(bytes);
  await peer.take(Commands.FilePullDataReq, { offset: block }, 0);
  peer.leave();
  return taskId;
}

/** What is left: rows of tasks, rows of parts, files of the store. */
async function left(): Promise<{ tasks: number; parts: number; files: number }> {
  const [rows] = await cluster.sql<{ tasks: number; parts: number }>(
    'SELECT (SELECT count(*)::int FROM file_task) AS tasks, (SELECT count(*)::int FROM file_part) AS parts',
  );
  const entries = await readdir(cluster.storageFolder, { recursive: true, withFileTypes: true });
  return { ...rows!, files: entries.filter((entry) => entry.isFile()).length };
}

const nothing = { tasks: 0, parts: 0, files: 0 };

async function untilNothingIsLeft(): Promise<void> {
  await waitUntil(async () => (await left()).tasks === 0, { what: 'no task left', timeoutMs: 20_000 });
  expect(await left()).toEqual(nothing);
}

describe('when its time is over', () => {
  let sender: TeamTalkClient;
  let receiver: TeamTalkClient;
  beforeAll(async () => {
    await start({ TASK_MS: '3000', OFFLINE_FILE_MS: '3000' });
    ids = await cluster.addUsers(['sender', 'receiver']);
    sender = await cluster.connect('sender');
    receiver = await cluster.connect('receiver');
  });

  it('an upload without progress goes: its record, its parts and what is stored', async () => {
    const taskId = await beginUpload(sender, ids.receiver!);
    await waitUntil(async () => (await left()).parts === 1, { what: 'a part', everyMs: 5 });
    expect(await left()).toEqual({ tasks: 1, parts: 1, files: 1 });
    await untilNothingIsLeft();
    for (const k of [0, 1]) {
      const peer = await open(sender.userId, taskId, k);
      await peer.logIn(Role.upload, 1);
      await peer.expectEnd();
    }
  });

  it('an online transfer nobody came for goes', async () => {
    const { transMode, taskId } = await sender.request(Commands.FileRequest, Commands.FileResponse, {
      ...{ fromUserId: sender.userId, toUserId: receiver.userId, fileName: 'online.bin', fileSize: 5 },
      transMode: IM.BaseDefine.TransferFileType.FILE_TYPE_ONLINE,
    });
    expect(transMode).toBe(IM.BaseDefine.TransferFileType.FILE_TYPE_ONLINE);
    expect((await left()).tasks).toBe(1);
    await untilNothingIsLeft();
    await (await open(sender.userId, taskId)).logIn(Role.sender, 1);
  });

  it('a file nobody fetched goes, from the list, the database and the store', async () => {
    const offers: FileOffer[] = [];
    receiver.on('file', (offer) => offers.push(offer));
    const file = new GeneratedFile('waits.bin', 3 * block);
    const { taskId } = await sendFile(sender, ids.receiver!, file, { offline: true });
    const offer = await waitUntil(() => offers.find((each) => each.taskId === taskId), { what: 'the offer' });
    expect(offer).toMatchObject({ name: 'waits.bin', size: 3 * block, online: false });
    await untilNothingIsLeft();
    expect(await offlineFiles(receiver)).toEqual([]);
    await (await open(receiver.userId, taskId)).logIn(Role.download, 1);
  });
});

describe('of many', () => {
  const senders = ['s1', 's2', 's3'] as const;
  const receivers = Array.from({ length: 10 }, (_, i) => `r${i}`);
  let clients: TeamTalkClient[];
  beforeAll(async () => {
    await start({
      USER_UNFINISHED_TASKS: '1000',
      USER_QUOTA_BYTES: '100000000',
      TOTAL_QUOTA_BYTES: '150000000',
    });
    ids = await cluster.addUsers([...senders, ...receivers]);
    clients = await Promise.all(senders.map((name) => cluster.connect(name)));
  });

  /** A jump in time. */
  const hourLater = () => cluster.sql('UPDATE file_task SET expires_at = expires_at - interval $$1 hour$$');

  it('the quotas hold, and what goes makes room', async () => {
    const [first, second, third] = clients as [TeamTalkClient, TeamTalkClient, TeamTalkClient];
    const asked = async (from: TeamTalkClient, size: number) => {
      const { resultCode, taskId } = await ask(from, ids.r0!, size);
      expect(taskId === '').toBe(resultCode !== 0);
      return resultCode;
    };
    expect(await asked(first, 60_000_000)).toBe(0);
    expect(await asked(first, 40_000_001), 'beyond the sender’s').toBe(2);
    expect(await asked(first, 40_000_000), 'exactly the sender’s').toBe(0);
    expect(await asked(second, 50_000_001), 'beyond that of all').toBe(2);
    expect(await asked(second, 50_000_000), 'exactly that of all').toBe(0);
    expect(await asked(third, 1)).toBe(2);
    await hourLater();
    await untilNothingIsLeft();
    expect(await asked(first, 100_000_000)).toBe(0);
    await hourLater();
    await untilNothingIsLeft();
  });

  it('1,000 uploads that were broken off in the middle leave nothing behind', {
    timeout: 120_000,
  }, async () => {
    const [sender] = clients as [TeamTalkClient];
    await Promise.all(
      receivers.map(async (name, k) => {
        for (let i = 0; i < 100; i++) await beginUpload(sender, ids[name]!, k % 2);
      }),
    );
    await waitUntil(async () => (await left()).parts === 1_000, { what: 'all parts', timeoutMs: 20_000 });
    expect(await left()).toEqual({ tasks: 1_000, parts: 1_000, files: 1_000 });
    expect((await ask(sender, ids.r0!, 1)).resultCode, 'of one sender no more').toBe(2);
    await hourLater();
    await untilNothingIsLeft();
    for (const k of [0, 1]) expect(await cluster.metric('file_server', k, 'connections')).toBe(0);
  });
});
