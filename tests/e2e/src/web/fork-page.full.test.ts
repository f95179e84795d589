import { ClientType, md5Hex, type TeamTalkClient } from '@teamtalk/client';
import { createGroup, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import {
  type Command,
  Commands,
  createTextCodec,
  DEFAULT_TEXT_KEY,
  decodeBody,
  encodePdu,
  HEADER_LENGTH,
  type MessageOf,
  readHeader,
} from '@teamtalk/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebInstallation } from './web-installation.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const textOf = (data: Uint8Array | null | undefined) => codec.decrypt(data ?? new Uint8Array());

/**
 * What the page of a fork does (teamtalk_websocket_client, js/im.js), on a WebSocket of a browser: it logs in as Windows, leaves the
 * version in headers 0, counts its requests from 2, recognizes answers by the number alone, and sends no receipts.
 */
class ForkPage {
  readonly #page: Page;
  #seqNum = 1;

  static async open(page: Page, url: string): Promise<ForkPage> {
    await page.evaluate(`new Promise((resolve, reject) => {
      window.__received = [];
      window.__socket = new WebSocket(${JSON.stringify(url)});
      __socket.binaryType = 'arraybuffer';
      __socket.onmessage = ({ data }) => __received.push([...new Uint8Array(data)]);
      __socket.onopen = resolve;
      __socket.onerror = reject;
    })`);
    return new ForkPage(page);
  }

  private constructor(page: Page) {
    this.#page = page;
  }

  /** @returns the number of the request */
  async send<P extends object>(command: Command<object, P>, message: NoInfer<P>): Promise<number> {
    const seqNum = ++this.#seqNum;
    const pdu = encodePdu(command, message, seqNum);
    pdu.writeUInt16BE(0, 4);
    await this.#page.evaluate(`__socket.send(new Uint8Array([${[...pdu]}]))`);
    return seqNum;
  }

  /** The next message with this command and number, each of which is one PDU. */
  async next<M extends object>(command: Command<M, never>, seqNum: number): Promise<M> {
    let found: Buffer | undefined;
    await waitUntil(
      async () => {
        const all = (await this.#page.evaluate('__received')) as number[][];
        found = all
          .map((bytes) => Buffer.from(bytes))
          .find((pdu) => {
            const { length, commandId, seqNum: number } = readHeader(pdu);
            return length === pdu.length && commandId === command.id && number === seqNum;
          });
        return found !== undefined;
      },
      { what: `0x${command.id.toString(16)} with number ${seqNum}`, timeoutMs: 15_000 },
    );
    return decodeBody(command, found!.subarray(HEADER_LENGTH));
  }

  async ask<P extends object, M extends object>(
    request: Command<object, P>,
    answer: Command<M, never>,
    message: NoInfer<P>,
  ): Promise<M> {
    return this.next(answer, await this.send(request, message));
  }
}

let web: WebInstallation;
let ids: Record<'ann' | 'ben', number>;
let group: number;
let ben: TeamTalkClient;
let page: ForkPage;
let login: MessageOf<typeof Commands.LoginResUserlogin>;

beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'ben']);
  ben = await web.cluster.connect('ben', { server: 1, clientType: ClientType.ANDROID });
  group = await createGroup(ben, [ids.ann], 'Lunch');
  await ben.send({ user: ids.ann }, 'written before');
  const blank = await web.browsers[0].newPage();
  await blank.goto(web.url);
  page = await ForkPage.open(blank, `ws://127.0.0.1:${web.cluster.port('msg_server', 0, 'ws')}/`);
  login = await page.ask(Commands.LoginReqUserlogin, Commands.LoginResUserlogin, {
    userName: 'ann',
    password: md5Hex(testPassword),
    onlineStatus: 1,
    clientType: ClientType.WINDOWS,
    clientVersion: '1.0',
  });
  await page.send(Commands.OtherHeartbeat, {});
}, 120_000);
afterAll(() => web?.stop());

it('the page of a fork logs in, and loads its lists', async () => {
  const userId = ids.ann;
  expect(login).toMatchObject({ resultCode: 0, userInfo: { userId } });
  const all = await page.ask(Commands.BuddyListAllUserRequest, Commands.BuddyListAllUserResponse, {
    userId,
    latestUpdateTime: 0,
  });
  expect(all.userList.map((user) => user.userId).sort()).toEqual([ids.ann, ids.ben].sort());
  const infos = await page.ask(Commands.BuddyListUserInfoRequest, Commands.BuddyListUserInfoResponse, {
    userId,
    userIdList: [ids.ben],
  });
  expect(infos.userInfoList).toMatchObject([{ userId: ids.ben, userNickName: 'ben' }]);
  await page.ask(Commands.GroupNormalListRequest, Commands.GroupNormalListResponse, { userId });
  const groups = await page.ask(Commands.GroupInfoRequest, Commands.GroupInfoResponse, {
    userId,
    groupVersionList: [{ groupId: group, version: 0 }],
  });
  expect(groups.groupInfoList).toMatchObject([{ groupId: group, groupName: 'Lunch' }]);
  const recent = await page.ask(
    Commands.BuddyListRecentContactSessionRequest,
    Commands.BuddyListRecentContactSessionResponse,
    { userId, latestUpdateTime: 0 },
  );
  const [session] = recent.contactSessionList.filter(({ sessionType }) => sessionType === 1);
  expect([session?.sessionId, textOf(session?.latestMsgData)]).toEqual([ids.ben, 'written before']);
  const unread = await page.ask(Commands.MsgUnreadCntRequest, Commands.MsgUnreadCntResponse, { userId });
  expect(unread.unreadinfoList).toMatchObject([{ sessionId: ids.ben, unreadCnt: 1 }]);
});

it('it reads and writes, and stays connected without sending receipts', async () => {
  const userId = ids.ann;
  const { msgList } = await page.ask(Commands.MsgListRequest, Commands.MsgListResponse, {
    userId,
    sessionType: 1,
    sessionId: ids.ben,
    msgIdBegin: 0,
    msgCnt: 40,
  });
  expect(msgList.map(({ msgData }) => textOf(msgData))).toEqual(['written before']);
  await ben.send({ user: ids.ann }, 'written now');
  const pushed = await page.next(Commands.MsgData, 0);
  expect([pushed.fromUserId, textOf(pushed.msgData)]).toEqual([ids.ben, 'written now']);
  for (const [msgId, toSessionId, msgType] of [
    [1_000_000, ids.ben, 1],
    [1_000_001, group, 17],
  ] as const) {
    const text = `number ${msgId}`;
    const sent = { fromUserId: userId, toSessionId, msgId, createTime: 1_800_000_000, msgType };
    await page.ask(Commands.MsgData, Commands.MsgDataAck, { ...sent, msgData: codec.encrypt(text) });
    expect(await ben.nextMessage(15_000)).toMatchObject({ fromUserId: ids.ann, text });
  }
  await page.send(Commands.MsgReadAck, { userId, sessionId: ids.ben, msgId: pushed.msgId, sessionType: 1 });
  await waitUntil(
    async () => {
      const request = [Commands.MsgUnreadCntRequest, Commands.MsgUnreadCntResponse] as const;
      return (await page.ask(...request, { userId })).totalCnt === 0;
    },
    { what: 'nothing is unread' },
  );
});

it('the web client logs in beside it', async () => {
  const client = await web.cluster.connect('ann', { server: 1, clientVersion: 'web/1' });
  await ben.send({ user: ids.ann }, 'to both');
  expect(await client.nextMessage(15_000)).toMatchObject({ text: 'to both' });
  const { totalCnt } = await page.ask(Commands.MsgUnreadCntRequest, Commands.MsgUnreadCntResponse, {
    userId: ids.ann,
  });
  expect(totalCnt).toBe(1);
  await client.close();
});
