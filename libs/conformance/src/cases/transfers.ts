import { randomBytes } from 'node:crypto';
import { Commands as C, IM } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { block, type FilePeer, Role } from '../file-peer.js';
import {
  announceFile,
  listedFile,
  type Offer,
  removeFile,
  requestFile,
  type TransMode,
} from '../file-transfer.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

const { FILE_TYPE_ONLINE: online, FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;
const { CLIENT_FILE_PEER_READY, CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } =
  IM.BaseDefine.ClientFileState;
const fileName = 'transfer.bin';
const file = (size: number) => randomBytes(size);
/** How long a server waits for one side to reconnect before it notifies the other, milliseconds. */
const peerGraceMs = 15_000;

/** A requested transfer, with connections for either side. */
class Transfer {
  readonly offer: Offer;
  readonly #world: World;

  static async ask(
    world: World,
    from: Peer,
    to: Peer,
    fileSize: number,
    transMode: TransMode,
  ): Promise<Transfer> {
    return new Transfer(world, await requestFile(from, to, { fileName, fileSize, transMode }));
  }

  /** An online one of 1,000 bytes, with both sides there. */
  static async online(world: World, from: Peer, to: Peer): Promise<{ sender: FilePeer; receiver: FilePeer }> {
    return (await Transfer.ask(world, from, to, 1_000, online)).both(from, to);
  }

  private constructor(world: World, offer: Offer) {
    this.#world = world;
    this.offer = offer;
  }

  get taskId(): string {
    return this.offer.taskId;
  }

  /** A connection that has not logged in; closed with the case. */
  async open(
    user: Peer,
    taskId = this.taskId,
    deadlineMs = this.#world.target.deadlineMs,
  ): Promise<FilePeer> {
    return this.#world.openFile(user, taskId, this.offer.ipAddrList[0]!, { deadlineMs });
  }

  async enter(user: Peer, role: (typeof Role)[keyof typeof Role]): Promise<FilePeer> {
    const peer = await this.open(user);
    await peer.logIn(role);
    return peer;
  }

  /** A connection with a deadline long enough to wait for a peer that is gone. */
  async openPatient(user: Peer): Promise<FilePeer> {
    return this.open(user, this.taskId, this.#world.target.deadlineMs + peerGraceMs);
  }

  /** Both sides of an online transfer, after the receiver was told to start pulling. */
  async both(from: Peer, to: Peer): Promise<{ sender: FilePeer; receiver: FilePeer }> {
    const sender = await this.enter(from, Role.sender);
    const receiver = await this.enter(to, Role.receiver);
    await receiver.take(C.FileState, { state: CLIENT_FILE_PEER_READY, taskId: this.taskId }, 0);
    return { sender, receiver };
  }
}

const both = { a: 'a', b: 'b@1' } as const;

/** An upload from its beginning to its end. */
async function upload(world: World, from: Peer, to: Peer, content: Buffer): Promise<Transfer> {
  const transfer = await Transfer.ask(world, from, to, content.length, offline);
  const sender = await transfer.enter(from, Role.upload);
  await sender.giveBlocks(content);
  await sender.take(C.FileState, { state: CLIENT_FILE_DONE, taskId: transfer.taskId }, 0);
  await sender.expectEnd();
  return transfer;
}

const refusedLogins: readonly Case[] = (
  [
    ['an online transfer by the wrong user', online, 'b', Role.sender],
    ['an online transfer in the wrong role', online, 'a', Role.receiver],
    ['an online transfer by a stranger', online, 'c', Role.receiver],
    ['an offline transfer in a role of online ones', offline, 'a', Role.sender],
    ['an upload by the receiver', offline, 'b', Role.upload],
    ['a download by the sender', offline, 'a', Role.download],
    ['an upload by a stranger', offline, 'c', Role.upload],
  ] as const
).map(([what, mode, who, role]) =>
  script({
    name: `transfers/a login for ${what} is refused, and closed`,
    commands: [C.FileLoginReq, C.FileLoginRes],
    is: ['refusal', 'fix'],
    proves: ['fix-file-others'],
    given: { a: 'a', b: 'b@1', c: 'c' },
    run: async (peers, world) => {
      const transfer = await Transfer.ask(world, peers.a, peers.b, 1_000, mode);
      const peer = await transfer.open(peers[who]);
      await peer.logIn(role, 1);
      await peer.expectEnd();
    },
  }),
);

const badPulls: readonly Case[] = (
  [
    ['beyond the end', 1_001, 10],
    ['at the end', 1_000, 10],
    ['of nothing', 0, 0],
    ['of more than two blocks', 0, 2 * block + 1],
    ['at the largest offset there is', 0xffff_ffff, 1],
  ] as const
).map(([what, offset, size]) =>
  script({
    name: `transfers/a pull ${what} is refused, online and offline`,
    commands: [C.FilePullDataReq, C.FilePullDataRsp],
    is: ['refusal', 'fix'],
    onOriginal: ['original-file-server'],
    given: both,
    run: async ({ a, b }, world) => {
      const { sender, receiver } = await Transfer.online(world, a, b);
      const kept = await upload(world, a, b, file(1_000));
      for (const peer of [receiver, await kept.enter(b, Role.download)]) {
        const seqNum = peer.pull(offset, size);
        const refused = { resultCode: (code: number) => code !== 0, offset, fileData: Buffer.alloc(0) };
        await peer.take(C.FilePullDataRsp, refused, seqNum);
        await peer.expectEnd();
      }
      sender.expectNothingMore();
    },
  }),
);

const badData: readonly Case[] = (
  [
    ['at another offset', 1, 500],
    ['too little', 0, 499],
    ['too much', 0, 501],
  ] as const
).map(([what, offset, size]) =>
  script({
    name: `transfers/data that was not asked for closes: ${what}`,
    commands: [C.FilePullDataRsp],
    is: ['refusal', 'fix'],
    proves: ['fix-file-size'],
    given: both,
    run: async ({ a, b }, world) => {
      const { sender, receiver } = await Transfer.online(world, a, b);
      receiver.pull(0, 500);
      await sender.take(C.FilePullDataReq, { offset: 0, dataSize: 500 }, 0);
      sender.data(offset, Buffer.alloc(size));
      await sender.expectEnd();
      receiver.expectNothingMore();
      const kept = await Transfer.ask(world, a, b, 500, offline);
      const uploader = await kept.enter(a, Role.upload);
      await uploader.take(C.FilePullDataReq, { offset: 0, dataSize: 500 }, 0);
      uploader.data(offset, Buffer.alloc(size));
      await uploader.expectEnd();
    },
  }),
);

const endings: readonly Case[] = (
  [
    ['the sender cancels', 'sender', CLIENT_FILE_CANCEL],
    ['the receiver cancels', 'receiver', CLIENT_FILE_CANCEL],
    ['the receiver refuses', 'receiver', CLIENT_FILE_REFUSE],
  ] as const
).map(([what, who, state]) =>
  script({
    name: `transfers/${what}: the other one is told, and the task is over`,
    commands: [C.FileState],
    is: ['success', 'refusal'],
    given: both,
    run: async ({ a, b }, world) => {
      const transfer = await Transfer.ask(world, a, b, 1_000, online);
      const sides = await transfer.both(a, b);
      sides[who].state(state);
      const other = who === 'sender' ? sides.receiver : sides.sender;
      const userId = who === 'sender' ? a.id : b.id;
      await other.take(C.FileState, { state, taskId: transfer.taskId, userId }, 0);
      await other.expectEnd();
      const again = await transfer.open(a);
      await again.logIn(Role.sender, 1);
    },
  }),
);

/** Transfers at file_server (client-behaviour.md#files). */
export const transferCases: readonly Case[] = [
  script({
    name: 'transfers/online, block by block; done is passed on',
    commands: [C.FileLoginReq, C.FileLoginRes, C.FileState, C.FilePullDataReq, C.FilePullDataRsp],
    is: 'success',
    proves: ['client-push-seq'],
    given: both,
    run: async ({ a, b }, world) => {
      const content = file(2 * block + 1_000);
      const transfer = await Transfer.ask(world, a, b, content.length, online);
      const { sender, receiver } = await transfer.both(a, b);
      for (let offset = 0; offset < content.length; offset += block) {
        const fileData = content.subarray(offset, offset + block);
        const seqNum = receiver.pull(offset, fileData.length);
        const pull = { taskId: transfer.taskId, userId: b.id, transMode: online };
        await sender.take(C.FilePullDataReq, { ...pull, offset, dataSize: fileData.length }, 0);
        sender.data(offset, fileData);
        await receiver.take(C.FilePullDataRsp, { resultCode: 0, userId: a.id, offset, fileData }, seqNum);
      }
      receiver.state(CLIENT_FILE_DONE);
      await sender.take(C.FileState, { state: CLIENT_FILE_DONE, userId: b.id }, 0);
    },
  }),
  script({
    name: 'transfers/offline: uploaded, announced, listed, fetched and taken off the list',
    commands: [
      C.FileLoginReq,
      C.FilePullDataReq,
      C.FilePullDataRsp,
      C.FileState,
      C.FileAddOfflineReq,
      C.FileNotify,
      C.FileHasOfflineReq,
      C.FileHasOfflineRes,
      C.FileDelOfflineReq,
    ],
    is: ['success', 'fix'],
    proves: ['fix-file-any-server'],
    given: both,
    run: async ({ a, b }, world) => {
      const content = file(block + 5);
      const { offer, taskId } = await upload(world, a, b, content);
      announceFile(a, b, offer);
      const waits = { fromUserId: a.id, toUserId: b.id, taskId, fileName, fileSize: content.length };
      const { ipAddrList } = await b.get(C.FileNotify, { ...waits, transMode: offline, offlineReady: 1 });
      const listed = await listedFile(b, taskId);
      check(listed?.fileSize === content.length && listed.fileName === fileName, 'not listed');
      // At any of the servers.
      for (const address of ipAddrList) {
        const receiver = await world.openFile(b, taskId, address);
        await receiver.logIn(Role.download);
        for (let offset = 0; offset < content.length; offset += block) await receiver.fetch(content, offset);
        await receiver.take(C.FileState, { state: CLIENT_FILE_DONE, taskId, userId: b.id }, 0);
      }
      removeFile(a, b, taskId);
      check((await listedFile(b, taskId)) === undefined, 'still listed');
    },
  }),
  script({
    name: 'transfers/only the receiver removes a file from the list',
    commands: [C.FileDelOfflineReq],
    is: ['refusal', 'fix'],
    proves: ['fix-sender-delete-offline'],
    given: { a: 'a', b: 'b@1', c: 'c' },
    run: async ({ a, b, c }, world) => {
      const { taskId } = await upload(world, a, b, file(10));
      for (const peer of [a, c]) {
        peer.send(C.FileDelOfflineReq, { fromUserId: a.id, toUserId: b.id, taskId });
        await peer.probe();
      }
      check((await listedFile(b, taskId)) !== undefined, 'taken off');
      removeFile(a, b, taskId);
      await b.probe();
    },
  }),
  script({
    name: 'transfers/a broken upload goes on where it was',
    commands: [C.FilePullDataReq, C.FilePullDataRsp],
    is: 'fix',
    proves: ['fix-file-resume'],
    given: both,
    run: async ({ a, b }, world) => {
      // More than a server keeps at once.
      const content = file(10 * 1024 * 1024);
      const transfer = await Transfer.ask(world, a, b, content.length, offline);
      const broken = await transfer.enter(a, Role.upload);
      await broken.giveBlocks(content, 0, content.length - 2 * block);
      broken.leave();
      const sender = await transfer.enter(a, Role.upload);
      const first = await sender.giveBlock(content);
      check(first > 0, 'begun anew');
      await sender.giveBlocks(content, first + block);
      await sender.take(C.FileState, { state: CLIENT_FILE_DONE }, 0);
      const receiver = await transfer.enter(b, Role.download);
      for (let offset = 0; offset < content.length; offset += block) await receiver.fetch(content, offset);
    },
  }),
  script({
    name: 'transfers/a sender who reconnects is asked again for the missing blocks',
    commands: [C.FileLoginReq, C.FilePullDataReq],
    is: 'fix',
    onOriginal: ['original-file-server'],
    given: both,
    run: async ({ a, b }, world) => {
      const content = file(100);
      const transfer = await Transfer.ask(world, a, b, content.length, online);
      const { sender, receiver } = await transfer.both(a, b);
      const seqNum = receiver.pull(0, 100);
      await sender.take(C.FilePullDataReq, { offset: 0 });
      sender.leave();
      const back = await transfer.enter(a, Role.sender);
      await back.giveBlock(content, online);
      await receiver.take(C.FilePullDataRsp, { resultCode: 0, offset: 0, fileData: content }, seqNum);
    },
  }),
  ...(['sender', 'receiver'] as const).map((who) =>
    script({
      name: `transfers/a ${who} who is gone for good: the other one is told and closed, and both may begin again`,
      commands: [C.FileLoginReq, C.FileState],
      is: 'fix',
      onOriginal: ['original-file-server'],
      given: both,
      run: async ({ a, b }, world) => {
        const content = file(100);
        const transfer = await Transfer.ask(world, a, b, content.length, online);
        const sender = await transfer.openPatient(a);
        await sender.logIn(Role.sender);
        const receiver = await transfer.openPatient(b);
        await receiver.logIn(Role.receiver);
        await receiver.take(C.FileState, { state: CLIENT_FILE_PEER_READY }, 0);
        const [gone, left] = who === 'sender' ? [sender, receiver] : [receiver, sender];
        gone.leave();
        const userId = who === 'sender' ? a.id : b.id;
        await left.take(C.FileState, { state: CLIENT_FILE_CANCEL, taskId: transfer.taskId, userId }, 0);
        await left.expectEnd();
        const again = await transfer.both(a, b);
        const seqNum = again.receiver.pull(0, content.length);
        await again.sender.giveBlock(content, online);
        await again.receiver.take(C.FilePullDataRsp, { resultCode: 0, fileData: content }, seqNum);
      },
    }),
  ),
  script({
    name: 'transfers/a pull by the sender, and data by the receiver, close',
    commands: [C.FilePullDataReq, C.FilePullDataRsp],
    is: ['refusal', 'fix'],
    onOriginal: ['original-file-server'],
    given: both,
    run: async ({ a, b }, world) => {
      const { sender, receiver } = await Transfer.online(world, a, b);
      const seqNum = sender.pull(0, 100);
      await sender.take(C.FilePullDataRsp, { resultCode: (code) => code !== 0 }, seqNum);
      await sender.expectEnd();
      receiver.data(0, Buffer.from('x'));
      await receiver.expectEnd();
    },
  }),
  script({
    name: 'transfers/an unknown task, and whatever is no task id, is refused',
    commands: [C.FileLoginReq, C.FileLoginRes],
    is: ['refusal', 'fix'],
    proves: ['defect-task-path', 'fix-file-others'],
    given: both,
    run: async ({ a, b }, world) => {
      const transfer = await Transfer.ask(world, a, b, 1_000, online);
      const unknown = '3f0c1a52-6f0e-4a44-9a55-d6ef39a4ad3b';
      for (const taskId of [unknown, '', '../../etc/passwd', `${transfer.taskId}\0`, 'x'.repeat(10_000)]) {
        const peer = await transfer.open(a, taskId);
        await peer.logIn(Role.sender, 1);
        await peer.expectEnd();
      }
    },
  }),
  script({
    name: 'transfers/a pull of another task closes',
    commands: [C.FilePullDataReq, C.FilePullDataRsp],
    is: ['refusal', 'fix'],
    proves: ['fix-file-others'],
    given: both,
    run: async ({ a, b }, world) => {
      const kept = await upload(world, a, b, file(100));
      const own = await upload(world, a, b, file(100));
      const receiver = await own.enter(b, Role.download);
      const seqNum = receiver.pull(0, 100, offline, kept.taskId);
      await receiver.take(C.FilePullDataRsp, { resultCode: (code) => code !== 0 }, seqNum);
      await receiver.expectEnd();
    },
  }),
  script({
    name: 'transfers/before the login only that and the heartbeat are served',
    commands: [C.FileState, C.FilePullDataReq, C.OtherHeartbeat],
    is: ['refusal', 'fix'],
    proves: ['defect-served-out-of-login'],
    given: both,
    run: async ({ a, b }, world) => {
      const transfer = await Transfer.ask(world, a, b, 1_000, online);
      const peer = await transfer.open(a);
      await peer.take(C.OtherHeartbeat, {}, peer.send(C.OtherHeartbeat, {}));
      peer.pull(0, 10);
      await peer.expectEnd();
      const other = await transfer.open(a);
      other.state(CLIENT_FILE_CANCEL);
      await other.expectEnd();
      // The task was not cancelled.
      await (await transfer.open(a)).logIn(Role.sender);
    },
  }),
  ...refusedLogins,
  ...badPulls,
  ...badData,
  ...endings,
];
