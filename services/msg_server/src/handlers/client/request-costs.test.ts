import { ClientType, Commands, encodePdu, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestClient, TestServer } from '../../testing/test-server.js';
import { encodeSliced } from './sliced-list.js';

const everybody = Array.from({ length: 5_000 }, (_, i) => i + 1);

const info = (client: TestClient, userIdList: number[]) =>
  client.send(Commands.BuddyListUserInfoRequest, { userId: 0, userIdList });
const infoPdu = (userIdList: number[], seqNum: number) =>
  encodePdu(Commands.BuddyListUserInfoRequest, { userId: 0, userIdList }, seqNum);
const infoAnswer = (client: TestClient) => client.receive(Commands.BuddyListUserInfoResponse);

describe('the cost of a user’s requests', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { REQUEST_RATE: '4000', REQUEST_BURST: '1000' } });
  });
  afterAll(() => server.stop());
  const held = () => server.metric('connections_held_total', { reason: 'cost' });

  it('makes later requests wait, which are all answered in order', async () => {
    const client = await server.logIn(11);
    const before = await held();
    const begin = performance.now();
    // 5,000 ids are some 14 KB: 1,400 units, and the 1,000 users answered more.
    // Sent in one write: after a pause, a request would wait less.
    await client.raw.send(Buffer.concat([2, 3, 4].map((seqNum) => infoPdu(everybody, seqNum))));
    const answers = [await infoAnswer(client), await infoAnswer(client), await infoAnswer(client)];
    expect(answers.map(({ userInfoList }) => userInfoList.length)).toEqual([1_000, 1_000, 1_000]);
    expect(answers.map(({ seqNum }) => seqNum)).toEqual([2, 3, 4]);
    expect(performance.now() - begin).toBeGreaterThan(500);
    expect(await held()).toBe(before + 2);
  });

  it('counts on all connections of the user, is not forgotten when one is opened anew, and is nobody else’s', async () => {
    const slow = await TestServer.start({ env: { REQUEST_RATE: '100', REQUEST_BURST: '1000' } });
    const pc = await slow.logIn(13);
    await info(pc, everybody);
    await infoAnswer(pc);
    pc.raw.close();
    for (const clientType of [ClientType.WINDOWS, ClientType.ANDROID]) {
      const before = await slow.metric('connections_held_total', { reason: 'cost' });
      await (await slow.logIn(13, clientType)).send(Commands.MsgTimeRequest, {});
      await slow.metricReaches('connections_held_total', { reason: 'cost' }, before + 1);
    }
    const other = await slow.logIn(12);
    expect(await other.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse)).toBeDefined();
    await slow.stop();
  });

  it('holds messages behind a held request, and heartbeats not', async () => {
    const client = await server.logIn(14);
    const before = await held();
    const text = { fromUserId: 14, toSessionId: 2, msgId: 0, createTime: 0, msgType: MsgType.SINGLE_TEXT };
    await client.raw.send(
      Buffer.concat([
        infoPdu(everybody, 2),
        infoPdu([1], 3),
        encodePdu(Commands.MsgData, { ...text, msgData: Buffer.from('behind') }, 4),
        Buffer.from('00000010000100000007070100090000', 'hex'),
      ]),
    );
    const commands: number[] = [];
    for (let i = 0; i < 4; i++) commands.push((await client.raw.next()).commandId);
    const answer = Commands.BuddyListUserInfoResponse.id;
    expect(commands.filter((id) => id !== 0x0701)).toEqual([answer, answer, Commands.MsgDataAck.id]);
    expect(commands.at(-1)).not.toBe(0x0701);
    expect(await held()).toBe(before + 1);
  });

  it('is charged for members of groups that are made', async () => {
    const client = await server.logIn(15);
    server.db.answers.replies.createGroup = { groupId: 7, memberIds: everybody.slice(0, 20) };
    const group = { userId: 0, groupType: 2, groupName: 'g', groupAvatar: '', memberIdList: [2] };
    const create = () => client.ask(Commands.GroupCreateRequest, group, Commands.GroupCreateResponse);
    const before = await held();
    expect(await Promise.all([create(), create()])).toMatchObject([{ resultCode: 0 }, { resultCode: 0 }]);
    expect(await held()).toBe(before + 1);
  });

  it('is charged for members that are changed and notified', async () => {
    const client = await server.logIn(16);
    const ids = everybody.slice(0, 100);
    server.db.answers.replies.changeMembers = { currentIds: ids, changedIds: [3], version: 9 };
    const wanted = { userId: 0, changeType: 1, groupId: 5, memberIdList: [3] };
    const change = () =>
      client.ask(Commands.GroupChangeMemberRequest, wanted, Commands.GroupChangeMemberResponse);
    const before = await held();
    await Promise.all([change(), change()]);
    expect(await held()).toBe(before + 1);
  });
});

it('a user is charged for each connection notified of their signature or avatar', async () => {
  const server = await TestServer.start({ env: { REQUEST_RATE: '1', REQUEST_BURST: '400' } });
  try {
    for (let id = 1; id <= 60; id++) await server.logIn(id);
    const client = await server.logIn(61);
    const held = () => server.metric('connections_held_total', { reason: 'cost' });
    const signature = { userId: 0, signInfo: 'x' };
    const avatar = { userId: 0, avatarUrl: 'http://x' };
    // About 100 for the request and 122 for the notifications.
    await client.ask(
      Commands.BuddyListChangeSignInfoRequest,
      signature,
      Commands.BuddyListChangeSignInfoResponse,
    );
    await client.ask(Commands.BuddyListChangeAvatarRequest, avatar, Commands.BuddyListChangeAvatarResponse);
    expect(await held()).toBe(0);
    await client.send(Commands.MsgTimeRequest, {});
    await server.metricReaches('connections_held_total', { reason: 'cost' }, 1);
  } finally {
    await server.stop();
  }
});

describe('long lists', () => {
  let server: TestServer;
  let client: TestClient;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    client = await server.logIn(1);
  });

  it('0x020a answers for the first 50,000 users of any number', async () => {
    const userIdList = Array.from({ length: 120_000 }, (_, i) => (i % 100) + 1);
    const { userStatList } = await client.ask(
      Commands.BuddyListUsersStatusRequest,
      { userId: 0, userIdList },
      Commands.BuddyListUsersStatusResponse,
    );
    expect(userStatList).toHaveLength(50_000);
    expect(userStatList.slice(-2).map(({ userId }) => userId)).toEqual([99, 100]);
  });

  it('0x0204 takes the first 10,000 ids, of which each is answered once', async () => {
    const userIdList = [...Array.from({ length: 9_999 }, () => 5), 6, 7];
    const { userInfoList } = await client.ask(
      Commands.BuddyListUserInfoRequest,
      { userId: 0, userIdList },
      Commands.BuddyListUserInfoResponse,
    );
    expect(userInfoList.map(({ userId }) => userId)).toEqual([5, 6]);
  });

  it('0x0403 asks for the first 5,000 groups, 0x030d for 100 messages', async () => {
    const groupVersionList = Array.from({ length: 6_000 }, (_, i) => ({ groupId: i + 1, version: 0 }));
    server.db.answers.replies.getGroups = { groups: [] };
    await client.ask(Commands.GroupInfoRequest, { userId: 0, groupVersionList }, Commands.GroupInfoResponse);
    expect(server.db.answers.asked('getGroups').at(-1)?.groups).toHaveLength(5_000);
    server.store(1, 2, 'one');
    const { msgList } = await client.ask(
      Commands.MsgGetByMsgIdReq,
      { userId: 0, sessionType: 1, sessionId: 2, msgIdList: [...Array.from({ length: 100 }, () => 9), 1] },
      Commands.MsgGetByMsgIdRes,
    );
    expect(msgList).toEqual([]);
  });

  it('0x0405 and 0x0407 are refused by db_proxy_server, which is shown one id too many and no more', async () => {
    const memberIdList = Array.from({ length: 20_000 }, (_, i) => i + 1);
    server.db.answers.replies.createGroup = { result: 3 };
    const group = { userId: 0, groupType: 2, groupName: 'g', groupAvatar: '', memberIdList };
    const made = await client.ask(Commands.GroupCreateRequest, group, Commands.GroupCreateResponse);
    expect(made.resultCode).toBe(3);
    expect(server.db.answers.asked('createGroup').at(-1)?.memberIds).toHaveLength(10_001);
    server.db.answers.replies.changeMembers = { result: 3 };
    const change = { userId: 0, changeType: 1, groupId: 5, memberIdList };
    const command = Commands.GroupChangeMemberResponse;
    const changed = await client.ask(Commands.GroupChangeMemberRequest, change, command);
    expect(changed.resultCode).toBe(3);
    expect(server.db.answers.asked('changeMembers').at(-1)?.memberIds).toHaveLength(10_001);
  });

  it('are encoded in slices, between which others have their turn', async () => {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const stats = Array.from({ length: 20_000 }, (_, i) => ({ userId: i, status: 1 as const }));
    const pdus = await encodeSliced(
      { isFramed: false } as never,
      Commands.BuddyListUsersStatusResponse,
      { userId: 300 },
      stats,
      (userStatList) => ({ userId: 300, userStatList }),
      9,
    );
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(9);
    const whole = Buffer.concat(pdus);
    expect(whole.readUInt32BE(0)).toBe(whole.length);
    const decoded = Commands.BuddyListUsersStatusResponse.type.decode(whole.subarray(16));
    expect(decoded.userId).toBe(300);
    expect(decoded.userStatList.map(({ userId }) => userId)).toEqual(stats.map(({ userId }) => userId));
  });
});
