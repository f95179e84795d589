import { setImmediate as turn } from 'node:timers/promises';
import { Commands, IM } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TeamTalkClient } from '../client.js';
import type { ServerAddress } from '../server-location.js';
import { type Peer, ScriptedServer } from '../testing/scripted-server.js';
import { CLIENT_FILE_DONE } from './file-state.js';
import { type SendFileOptions, sendFile } from './send-file.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_SENDER, CLIENT_OFFLINE_UPLOAD } = IM.BaseDefine.ClientFileRole;
const taskId = 'task';
const content = Buffer.from('what is sent');

let fileServer: ScriptedServer;
beforeEach(async () => {
  fileServer = await ScriptedServer.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await fileServer.stop();
});

/** A client stub with only what a transfer needs: the msg_server's responses. */
function clientOf(transMode: IM.BaseDefine.TransferFileType): TeamTalkClient {
  const { host, port } = fileServer.address;
  const answer = { resultCode: 0, taskId, transMode, ipAddrList: [{ ip: host, port }] };
  const client = {
    userId: 7,
    request: async () => answer,
    sendPdu: async () => {},
    fileServerAddress: (server: ServerAddress) => server,
  };
  return client as unknown as TeamTalkClient;
}

const send = (transMode: IM.BaseDefine.TransferFileType, options: SendFileOptions = {}) => {
  const source = { name: 'x', size: content.length, read: async () => content };
  return sendFile(clientOf(transMode), 8, source, options);
};

async function letIn(peer: Peer): Promise<void> {
  const { seqNum } = await peer.next(Commands.FileLoginReq);
  peer.send(Commands.FileLoginRes, { resultCode: 0, taskId }, seqNum);
}

/** Advances the client's clock while sockets keep working. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    vi.advanceTimersByTime(1_000);
    for (let i = 0; i < 5; i++) await turn();
  }
}

/** Breaks the first connection and accepts the second login; from then on the test controls the clock. */
async function comeBack(): Promise<Peer> {
  const first = await fileServer.nextPeer();
  await letIn(first);
  first.reset();
  const second = await fileServer.nextPeer();
  const { seqNum } = await second.next(Commands.FileLoginReq);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  second.send(Commands.FileLoginRes, { resultCode: 0, taskId }, seqNum);
  return second;
}

it('a resumed upload waits while the file_server reads what it has, however long that takes', async () => {
  const sending = send(FILE_TYPE_OFFLINE);
  const peer = await comeBack();
  await pass(45);
  expect(fileServer.peers).toHaveLength(2);
  vi.useRealTimers();
  peer.send(Commands.FilePullDataReq, {
    taskId,
    userId: 7,
    transMode: FILE_TYPE_OFFLINE,
    offset: 0,
    dataSize: content.length,
  });
  const { message } = await peer.next(Commands.FilePullDataRsp);
  expect(Buffer.from(message.fileData)).toEqual(content);
  peer.send(Commands.FileState, { taskId, userId: 7, state: CLIENT_FILE_DONE });
  peer.socket.end();
  expect(await sending).toEqual({ taskId, online: false });
});

/** Accepts the next login, which must be for this side. */
async function comes(fileRole: IM.BaseDefine.ClientFileRole, resultCode: 0 | 1): Promise<Peer> {
  const peer = await fileServer.nextPeer();
  const { seqNum, message } = await peer.next(Commands.FileLoginReq);
  expect(message).toMatchObject({ taskId, fileRole });
  peer.send(Commands.FileLoginRes, { resultCode, taskId }, seqNum);
  return peer;
}

const pull = (dataSize: number, transMode: IM.BaseDefine.TransferFileType = FILE_TYPE_OFFLINE) => ({
  ...{ taskId, userId: 7, transMode, offset: 0 },
  dataSize,
});

describe('a transfer begun by another process is resumed', () => {
  it('an upload, at any file_server', async () => {
    const sending = send(FILE_TYPE_OFFLINE, { resume: taskId });
    await comes(CLIENT_OFFLINE_UPLOAD, 0);
    const peer = await comes(CLIENT_OFFLINE_UPLOAD, 0);
    peer.send(Commands.FilePullDataReq, pull(content.length));
    await peer.next(Commands.FilePullDataRsp);
    peer.send(Commands.FileState, { taskId, userId: 7, state: CLIENT_FILE_DONE });
    peer.socket.end();
    expect(await sending).toEqual({ taskId, online: false });
  });

  it('an online transfer, where its receiver pulls', async () => {
    const sending = send(FILE_TYPE_OFFLINE, { resume: taskId });
    await comes(CLIENT_OFFLINE_UPLOAD, 1);
    const found = await comes(CLIENT_REALTIME_SENDER, 0);
    found.send(Commands.FilePullDataReq, pull(content.length, FILE_TYPE_ONLINE));
    const peer = await comes(CLIENT_REALTIME_SENDER, 0);
    peer.send(Commands.FilePullDataReq, pull(content.length, FILE_TYPE_ONLINE));
    await peer.next(Commands.FilePullDataRsp);
    peer.send(Commands.FileState, { taskId, userId: 8, state: CLIENT_FILE_DONE });
    peer.socket.end();
    expect(await sending).toEqual({ taskId, online: true });
  });

  it.each([
    ['shorter', 5, 'the resumed transfer is of a file of 5 bytes, not 12'],
    ['longer', 13, 'not expected'],
  ])('but not with another file: the new one is %s', async (_, size, reason) => {
    const sending = send(FILE_TYPE_OFFLINE, { resume: taskId });
    const refused = expect(sending).rejects.toThrow(reason);
    await comes(CLIENT_OFFLINE_UPLOAD, 0);
    const peer = await comes(CLIENT_OFFLINE_UPLOAD, 0);
    peer.send(Commands.FilePullDataReq, pull(size));
    await refused;
  });
});

it('an online transfer tries the next file_server when the receiver is not at the first', async () => {
  const giveUp = new AbortController();
  const sending = send(FILE_TYPE_ONLINE, { signal: giveUp.signal });
  await comeBack();
  await pass(15);
  vi.useRealTimers();
  await fileServer.nextPeer();
  giveUp.abort();
  await expect(sending).rejects.toMatchObject({ code: 'file-cancelled' });
});
