import { randomBytes } from 'node:crypto';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { block, FilePeer, Peer, passwordDigest, Role } from '@teamtalk/conformance';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands as C, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_FILE_DONE, CLIENT_FILE_CANCEL } = IM.BaseDefine.ClientFileState;
const host = '127.0.0.1';
const deadlineMs = 20_000;
const content = randomBytes(4 * block);

let cluster: TestCluster;
let ids: Record<'sender' | 'receiver', number>;
let receiver: Peer;

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    file_server: 2,
    envOf: { file_server: { SWEEP_MS: '200' } },
  });
  ids = await cluster.addUsers(['sender', 'receiver']);
  receiver = await connect('receiver', 1);
});
afterAll(() => cluster?.stop());

async function connect(name: 'sender' | 'receiver', server: number): Promise<Peer> {
  const address = { host, port: cluster.port('msg_server', server, 'client') };
  const peer = await Peer.open({ as: 'windows', label: name, address, deadlineMs });
  await peer.logIn({ name, passwordMd5: passwordDigest(testPassword), id: ids[name] });
  return peer;
}

/** Offers the file. @returns its task */
async function offer(sender: Peer): Promise<string> {
  const file = { fileName: 'film.mp4', fileSize: content.length, transMode: FILE_TYPE_OFFLINE };
  const request = { fromUserId: sender.id, toUserId: ids.receiver, ...file };
  return (await sender.ask(C.FileRequest, C.FileResponse, request, { resultCode: 0 })).taskId;
}

async function enter(who: 'sender' | 'receiver', taskId: string, server: number): Promise<FilePeer> {
  const address = { host, port: cluster.port('file_server', server, 'client') };
  const side = { label: who, userId: ids[who], taskId, deadlineMs };
  const peer = await FilePeer.open(address, side);
  await peer.logIn(who === 'sender' ? Role.upload : Role.download);
  return peer;
}

async function giveTheRest(uploader: FilePeer): Promise<void> {
  for (let end = 0; end < content.length; ) end = (await uploader.giveBlock(content)) + block;
  await uploader.take(C.FileState, { state: CLIENT_FILE_DONE }, 0);
}

/** Sends 0x050b, which has no reply; it has been handled once a later request is answered. */
async function sayItIsThere(sender: Peer, taskId: string): Promise<void> {
  const file = { fileName: 'film.mp4', fileSize: content.length };
  sender.send(C.FileAddOfflineReq, { fromUserId: sender.id, toUserId: ids.receiver, taskId, ...file });
  await sender.probe();
}

const announced = (taskId: string) =>
  receiver.get(C.FileNotify, { taskId, fileSize: content.length, offlineReady: 1 });

it('0x050b is remembered although its msg_server is killed before the upload is complete', async () => {
  const sender = await connect('sender', 0);
  const taskId = await offer(sender);
  const uploader = await enter('sender', taskId, 0);
  await uploader.giveBlock(content);
  await sayItIsThere(sender, taskId);
  await cluster.kill('msg_server', 0);
  await giveTheRest(uploader);
  await announced(taskId);
  await cluster.restart('msg_server', 0);
});

it('0x050b is remembered although the file_server is killed: the file_server that completes the upload announces it', async () => {
  const sender = await connect('sender', 0);
  const taskId = await offer(sender);
  const broken = await enter('sender', taskId, 0);
  const early = await enter('receiver', taskId, 1);
  const seqNum = early.pull(0, 34 * 1024, FILE_TYPE_OFFLINE);
  await broken.giveBlock(content);
  await sayItIsThere(sender, taskId);
  await cluster.kill('file_server', 0);
  await broken.expectEnd();
  await giveTheRest(await enter('sender', taskId, 1));
  await announced(taskId);
  const fileData = content.subarray(0, block);
  await early.take(C.FilePullDataRsp, { resultCode: 0, offset: 0, fileData }, seqNum);
  for (let offset = block; offset < content.length; offset += block) await early.fetch(content, offset);
  await early.take(C.FileState, { state: CLIENT_FILE_DONE }, 0);
  await cluster.restart('file_server', 0);
});

it('an announcement missed by a file_server that died is made by another, once', async () => {
  const sender = await connect('sender', 1);
  const taskId = await offer(sender);
  await giveTheRest(await enter('sender', taskId, 0));
  const unconfirmed = async () => {
    const [row] = await cluster.sql<{ announce_at: Date | null }>(
      'SELECT announce_at FROM file_task WHERE id = $1',
      [taskId],
    );
    return row!.announce_at;
  };
  expect(await unconfirmed()).not.toBeNull();
  // As a file_server leaves it that dies between the commit and the announcement.
  await cluster.sql(`UPDATE file_task SET announce_at = now() - interval '1 s' WHERE id = $1`, [taskId]);
  await announced(taskId);
  await waitUntil(async () => (await unconfirmed()) === null, { what: 'the note that it was announced' });
  await receiver.probe();
  receiver.expectNone(C.FileNotify, { taskId, offlineReady: 1 });
  // A sender who sends 0x050b, as other clients do, has it announced at once, and again when they repeat it.
  for (let i = 0; i < 2; i++) {
    await sayItIsThere(sender, taskId);
    await announced(taskId);
    expect(await unconfirmed()).toBeNull();
  }
});

it('a receiver waiting for a file that expires is notified', async () => {
  const sender = await connect('sender', 0);
  const taskId = await offer(sender);
  const early = await enter('receiver', taskId, 1);
  early.pull(0, block, FILE_TYPE_OFFLINE);
  await cluster.sql('UPDATE file_task SET expires_at = now() WHERE id = $1', [taskId]);
  await early.take(C.FileState, { state: CLIENT_FILE_CANCEL, taskId, userId: ids.sender }, 0);
  await early.expectEnd();
});
