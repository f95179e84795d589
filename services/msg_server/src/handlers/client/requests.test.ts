import { Commands, IM, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '../../testing/test-server.js';
import { TestServer } from '../../testing/test-server.js';

describe('requests', () => {
  let server: TestServer;
  let client: TestClient;
  beforeAll(async () => {
    server = await TestServer.start({ env: { HISTORY_MAX: '3', PUSH_NOTICE_AS_TEXT: 'mobile' } });
    client = await server.logIn(1);
    for (let i = 0; i < 5; i++) server.store(2, 1, `text ${i}`);
    server.store(2, 1, 'notice', MsgType.PUSH_NOTICE);
  });
  afterAll(() => server.stop());

  it('0x0309 history: of the logged-in user, newest first, capped', async () => {
    const answer = await client.ask(
      Commands.MsgListRequest,
      { userId: 77, sessionType: 1, sessionId: 2, msgIdBegin: 0, msgCnt: 100 },
      Commands.MsgListResponse,
    );
    expect(answer).toMatchObject({ userId: 1, sessionType: 1, sessionId: 2, msgIdBegin: 0 });
    expect(answer.msgList.map(({ msgId }) => msgId)).toEqual([6, 5, 4]);
    expect(answer.msgList[0]).toMatchObject({ msgType: 3, fromSessionId: 2 });
  });

  it('0x030b latest id and 0x030d messages by ids', async () => {
    const session = { userId: 0, sessionType: 1, sessionId: 2 };
    const latest = await client.ask(Commands.MsgGetLatestMsgIdReq, session, Commands.MsgGetLatestMsgIdRsp);
    expect(latest).toMatchObject({ userId: 1, latestMsgId: 6 });
    const byIds = await client.ask(
      Commands.MsgGetByMsgIdReq,
      { ...session, msgIdList: [2, 4, 99] },
      Commands.MsgGetByMsgIdRes,
    );
    expect(byIds.msgList.map(({ msgId }) => msgId)).toEqual([4, 2]);
  });

  it('0x0307 unread and 0x0201 recent sessions, with every required field', async () => {
    const unread = await client.ask(
      Commands.MsgUnreadCntRequest,
      { userId: 0 },
      Commands.MsgUnreadCntResponse,
    );
    expect(unread).toMatchObject({
      userId: 1,
      totalCnt: 3,
      unreadinfoList: [{ sessionId: 2, latestMsgType: 3 }],
    });
    const recent = await client.ask(
      Commands.BuddyListRecentContactSessionRequest,
      { userId: 0, latestUpdateTime: 0 },
      Commands.BuddyListRecentContactSessionResponse,
    );
    expect(recent).toMatchObject({ userId: 1, contactSessionList: [{ sessionId: 2, sessionStatus: 0 }] });
  });

  it('shows push notices as text to a class that does not know them', async () => {
    const mobile = await server.logIn(1, IM.BaseDefine.ClientType.CLIENT_TYPE_ANDROID);
    const unread = await mobile.ask(
      Commands.MsgUnreadCntRequest,
      { userId: 0 },
      Commands.MsgUnreadCntResponse,
    );
    expect(unread.unreadinfoList[0]).toMatchObject({ latestMsgType: 1 });
    await server.route.deliver(server.node, server.db.stored.at(-1)!);
    expect(await mobile.receive(Commands.MsgData)).toMatchObject({ msgId: 6, msgType: 1, seqNum: 0 });
    expect(await client.receive(Commands.MsgData)).toMatchObject({ msgId: 6, msgType: 3, seqNum: 0 });
  });

  it('0x0208 all users, 0x0204 some users, 0x020a their status in the request’s order', async () => {
    const all = await client.ask(
      Commands.BuddyListAllUserRequest,
      { userId: 0, latestUpdateTime: 0 },
      Commands.BuddyListAllUserResponse,
    );
    expect(all).toMatchObject({ userId: 1, latestUpdateTime: 77, userList: [{ userId: 1 }, { userId: 2 }] });
    const some = await client.ask(
      Commands.BuddyListUserInfoRequest,
      { userId: 0, userIdList: [9, 9, 4] },
      Commands.BuddyListUserInfoResponse,
    );
    expect(some.userInfoList.map(({ userId }) => userId)).toEqual([9, 4]);
    const status = await client.ask(
      Commands.BuddyListUsersStatusRequest,
      { userId: 0, userIdList: [4, 3, 8] },
      Commands.BuddyListUsersStatusResponse,
    );
    expect(status).toMatchObject({
      userId: 1,
      userStatList: [
        { userId: 4, status: 2 },
        { userId: 3, status: 1 },
        { userId: 8, status: 2 },
      ],
    });
  });

  it('answers requests of one connection in their order', async () => {
    let open = () => {};
    server.db.queriesWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    const history = { userId: 0, sessionType: 1, sessionId: 2, msgIdBegin: 0, msgCnt: 1 };
    await client.send(Commands.MsgListRequest, history);
    await client.send(Commands.MsgTimeRequest, {});
    await client.roundTrip();
    expect(client.pending).toEqual([]);
    open();
    server.db.queriesWaitFor = undefined;
    await client.raw.next(({ commandId }) => {
      expect(commandId).toBe(Commands.MsgListResponse.id);
      return true;
    });
    await client.receive(Commands.MsgTimeResponse);
  });

  it('sends no response when the other service is gone, and keeps the connection', async () => {
    await server.route.stop();
    await client.send(Commands.BuddyListUsersStatusRequest, { userId: 0, userIdList: [1] });
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(client.pending).toEqual([]);
    expect(await server.metric('queries_failed_total', { command: '0x020a' })).toBe(1);
  });
});
