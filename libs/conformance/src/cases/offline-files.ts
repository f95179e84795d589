import { randomBytes } from 'node:crypto';
import { Commands as C, IM, type MessageOf } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { block, type FilePeer, Role } from '../file-peer.js';
import { announceFile, listedFile, removeFile, requestFile, windowsPull } from '../file-transfer.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

const { FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;
const { CLIENT_FILE_CANCEL, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

type Notice = MessageOf<typeof C.FileNotify>;

const fileName = '报告.pdf';
/** First pulls of the versions of Windows clients, bytes. */
const windowsPulls = [windowsPull, 40 * 1024];

/** An offline transfer between two Windows clients. */
class Sending {
  readonly content: Buffer;
  /** the first 0x0508, at which the receiver opens its file socket */
  readonly notice: Notice;
  readonly #world: World;
  readonly #from: Peer;
  readonly #to: Peer;

  static async begin(world: World, from: Peer, to: Peer, size: number): Promise<Sending> {
    const { taskId } = await requestFile(from, to, { fileName, fileSize: size, transMode: offline });
    const notice = await to.get(C.FileNotify, { taskId, transMode: offline, offlineReady: 0 });
    return new Sending(world, from, to, randomBytes(size), notice);
  }

  private constructor(world: World, from: Peer, to: Peer, content: Buffer, notice: Notice) {
    this.#world = world;
    this.#from = from;
    this.#to = to;
    this.content = content;
    this.notice = notice;
  }

  get taskId(): string {
    return this.notice.taskId;
  }

  /** A connection to a file_server. @param at which of the addresses */
  async connect(who: Peer, role: (typeof Role)[keyof typeof Role], at = 0): Promise<FilePeer> {
    const { ipAddrList } = this.notice;
    const peer = await this.#world.openFile(who, this.taskId, ipAddrList[at % ipAddrList.length]!);
    await peer.logIn(role);
    return peer;
  }

  /** Answers all pulls but the last one. */
  giveAllButTheLast(sender: FilePeer): Promise<void> {
    return sender.giveBlocks(this.content, 0, this.content.length - block);
  }

  sayItIsThere(): void {
    announceFile(this.#from, this.#to, { ...this.notice, fileName, fileSize: this.content.length });
  }

  /** The second 0x0508: the file is there. */
  async expectAnnounced(): Promise<void> {
    await this.#to.get(C.FileNotify, {
      fromUserId: this.notice.fromUserId,
      toUserId: this.#to.id,
      taskId: this.taskId,
      fileName,
      fileSize: this.content.length,
      ipAddrList: (list) => list.length > 0,
      transMode: offline,
      offlineReady: 1,
    });
  }

  async isListed(): Promise<boolean> {
    return (await listedFile(this.#to, this.taskId)) !== undefined;
  }

  takeOff(): void {
    removeFile(this.#from, this.#to, this.taskId);
  }

  /** The receiver's pulls, one after the other; the first is already sent. */
  async takeAll(receiver: FilePeer, firstSeqNum: number): Promise<void> {
    await receiver.pullAll(this.content, offline, block, { firstSeqNum });
    await receiver.take(C.FileState, { state: CLIENT_FILE_DONE, taskId: this.taskId }, 0);
    receiver.state(CLIENT_FILE_DONE);
  }
}

const both = { a: 'a windows', b: 'b windows@1' } as const;
const commands = [C.FileAddOfflineReq, C.FileNotify, C.FilePullDataRsp] as const;

/** Offline files as Windows clients send and fetch them, PDU by PDU (client-behaviour.md#offline-downloads). */
export const offlineFileCases: readonly Case[] = [
  script({
    name: 'offline files/Windows says that the file is there right behind its last block, once: it is announced',
    commands,
    is: 'client habit',
    proves: ['client-early-add'],
    given: both,
    run: async ({ a, b }, world) => {
      const sending = await Sending.begin(world, a, b, 3 * block + 7);
      const sender = await sending.connect(a, Role.upload);
      await sending.giveAllButTheLast(sender);
      await sender.giveBlock(sending.content);
      sending.sayItIsThere();
      await sending.expectAnnounced();
      await sender.take(C.FileState, { state: CLIENT_FILE_DONE, taskId: sending.taskId }, 0);
      check(await sending.isListed(), 'not listed');
      sending.takeOff();
    },
  }),
  script({
    name: 'offline files/0x050b that comes before the upload is complete is remembered until it is',
    commands,
    is: ['client habit', 'fix'],
    proves: ['client-early-add', 'fix-file-size'],
    given: both,
    run: async ({ a, b }, world) => {
      const sending = await Sending.begin(world, a, b, 2 * block);
      const sender = await sending.connect(a, Role.upload);
      await sending.giveAllButTheLast(sender);
      sending.sayItIsThere();
      await world.fence(a, b);
      b.expectNone(C.FileNotify, { taskId: sending.taskId, offlineReady: 1 });
      check(!(await sending.isListed()), 'listed before it is there');
      await sender.giveBlock(sending.content);
      await sending.expectAnnounced();
      check(await sending.isListed(), 'not listed');
      sending.takeOff();
    },
  }),
  script({
    name: 'offline files/it is announced although its sender is gone from msg_server by then',
    commands,
    is: ['client habit', 'fix'],
    proves: ['client-early-add'],
    onOriginal: 'untried',
    given: both,
    run: async ({ a, b }, world) => {
      const sending = await Sending.begin(world, a, b, 2 * block);
      const sender = await sending.connect(a, Role.upload, 1);
      await sending.giveAllButTheLast(sender);
      sending.sayItIsThere();
      await a.leave();
      await sender.giveBlock(sending.content);
      await sending.expectAnnounced();
      sending.takeOff();
    },
  }),
  script({
    name: 'offline files/only of one’s own upload, and for its receiver, 0x050b means something',
    commands: [C.FileAddOfflineReq, C.FileNotify],
    is: ['refusal', 'fix'],
    proves: ['fix-file-others'],
    given: { ...both, c: 'c' },
    run: async ({ a, b, c }, world) => {
      const sending = await Sending.begin(world, a, b, 2 * block);
      const sender = await sending.connect(a, Role.upload);
      const claim = { fromUserId: a.id, taskId: sending.taskId, fileName, fileSize: 2 * block };
      c.send(C.FileAddOfflineReq, { ...claim, toUserId: b.id });
      b.send(C.FileAddOfflineReq, { ...claim, toUserId: b.id });
      a.send(C.FileAddOfflineReq, { ...claim, toUserId: c.id });
      for (const peer of [a, b, c]) await peer.probe();
      await sending.giveAllButTheLast(sender);
      await sender.giveBlock(sending.content);
      await sender.take(C.FileState, { state: CLIENT_FILE_DONE }, 0);
      await world.fence(a, b, c);
      for (const peer of [b, c]) peer.expectNone(C.FileNotify, { offlineReady: 1 });
      sending.takeOff();
    },
  }),
  ...([0, 1] as const).flatMap((at) =>
    windowsPulls.map((size) =>
      script({
        name: `offline files/Windows comes before the file, asks for ${size} bytes and gets them when they are there (${at === 0 ? 'where it is uploaded' : 'at another file_server'})`,
        commands: [C.FileLoginReq, C.FileLoginRes, C.FilePullDataReq, C.FilePullDataRsp],
        is: 'client habit',
        proves: ['client-early-receiver', 'client-large-pull'],
        onOriginal: 'untried',
        given: both,
        run: async ({ a, b }, world) => {
          const sending = await Sending.begin(world, a, b, 5 * block + 3);
          const receiver = await sending.connect(b, Role.download, at);
          const first = receiver.pull(0, size, offline);
          const sender = await sending.connect(a, Role.upload);
          await sending.giveAllButTheLast(sender);
          receiver.expectNothingMore();
          await sender.giveBlock(sending.content);
          sending.sayItIsThere();
          await sending.takeAll(receiver, first);
          await sending.expectAnnounced();
          sending.takeOff();
          check(!(await sending.isListed()), 'still listed');
        },
      }),
    ),
  ),
  script({
    name: 'offline files/who came before the file and accepts it later gets it over the same connection',
    commands: [C.FileLoginReq, C.FilePullDataReq, C.FilePullDataRsp],
    is: 'client habit',
    proves: ['client-early-receiver'],
    given: both,
    run: async ({ a, b }, world) => {
      const sending = await Sending.begin(world, a, b, block + 1);
      const receiver = await sending.connect(b, Role.download);
      const sender = await sending.connect(a, Role.upload);
      await sending.giveAllButTheLast(sender);
      await sender.giveBlock(sending.content);
      sending.sayItIsThere();
      await sending.expectAnnounced();
      receiver.expectNothingMore();
      await sending.takeAll(receiver, receiver.pull(0, block + 1, offline));
      sending.takeOff();
    },
  }),
  script({
    name: 'offline files/who waits for a file that its sender cancels is told so',
    commands: [C.FileState, C.FilePullDataReq],
    is: ['refusal', 'fix'],
    onOriginal: ['original-file-server'],
    given: both,
    run: async ({ a, b }, world) => {
      const sending = await Sending.begin(world, a, b, 2 * block);
      const receiver = await sending.connect(b, Role.download);
      receiver.pull(0, block, offline);
      const sender = await sending.connect(a, Role.upload);
      await sending.giveAllButTheLast(sender);
      sender.state(CLIENT_FILE_CANCEL);
      const cancelled = { state: CLIENT_FILE_CANCEL, taskId: sending.taskId, userId: a.id };
      await receiver.take(C.FileState, cancelled, 0);
      await receiver.expectEnd();
    },
  }),
];
