import { topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RpcName } from '../../testing/fake-answers.js';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_IOS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
afterEach(() => {
  for (const name of Object.keys(server.db.answers.replies))
    delete server.db.answers.replies[name as RpcName];
});

const refusals = (command: string) => server.metric('requests_refused_total', { command });

describe('0x0108, the device token', () => {
  it('is stored for the logged-in user and client type, and answered with the user’s id', async () => {
    const client = await server.logIn(1, CLIENT_TYPE_IOS);
    const answer = await client.ask(
      Commands.LoginReqDevicetoken,
      { userId: 99, deviceToken: 'token-1', clientType: CLIENT_TYPE_ANDROID },
      Commands.LoginResDevicetoken,
    );
    expect(answer.userId).toBe(1);
    expect(server.db.answers.asked('setDeviceToken').at(-1)).toMatchObject({
      userId: 1,
      clientType: CLIENT_TYPE_IOS,
      deviceToken: 'token-1',
      clientVersion: 'test/1.0',
    });
  });

  it('from a PC client, or when invalid, gets no response; an empty one does', async () => {
    const before = await refusals('0x0108');
    const pc = await server.logIn(2, CLIENT_TYPE_WINDOWS);
    const asked = server.db.answers.asked('setDeviceToken').length;
    await pc.send(Commands.LoginReqDevicetoken, { userId: 2, deviceToken: 'token-2' });
    await pc.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(pc.pending).toEqual([]);
    expect(server.db.answers.asked('setDeviceToken')).toHaveLength(asked);

    server.db.answers.replies.setDeviceToken = { done: false };
    const mobile = await server.logIn(2, CLIENT_TYPE_ANDROID);
    await mobile.send(Commands.LoginReqDevicetoken, { userId: 2, deviceToken: 'too long' });
    await mobile.ask(
      Commands.LoginReqDevicetoken,
      { userId: 2, deviceToken: '' },
      Commands.LoginResDevicetoken,
    );
    expect(mobile.pending).toEqual([]);
    expect(await refusals('0x0108')).toBe(before + 2);
  });

  it('that no provider can use is answered, and counted as a fault of its version', async () => {
    server.db.answers.replies.setDeviceToken = { done: true, unusable: true };
    const client = await server.logIn(4, CLIENT_TYPE_IOS);
    const broken = { userId: 4, deviceToken: '{length=32,bytes=0xd3d9...5a0b1f}' };
    await client.ask(Commands.LoginReqDevicetoken, broken, Commands.LoginResDevicetoken);
    const { builds } = await server.bus.request(topics.clients(server.node), {}, 2_000);
    const version = { clientType: CLIENT_TYPE_IOS, faults: [{ fault: 'device-token', count: 1 }] };
    expect(builds).toContainEqual(expect.objectContaining(version));
  });

  it('is cleared when its client logs out, which works without a store too', async () => {
    const pc = await server.logIn(3, CLIENT_TYPE_WINDOWS);
    const asked = server.db.answers.asked('setDeviceToken').length;
    await pc.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    expect(server.db.answers.asked('setDeviceToken')).toHaveLength(asked);

    const mobile = await server.logIn(3, CLIENT_TYPE_ANDROID);
    await mobile.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    await mobile.raw.closed;
    expect(server.db.answers.asked('setDeviceToken').slice(asked)).toMatchObject([
      { userId: 3, clientType: CLIENT_TYPE_ANDROID, deviceToken: '' },
    ]);

    server.db.answers.replies.setDeviceToken = () => Promise.reject(new Error('no database'));
    const other = await server.logIn(3, CLIENT_TYPE_ANDROID);
    expect(await other.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout)).toMatchObject({
      resultCode: 0,
    });
    await other.raw.closed;
    expect(await server.metric('queries_failed_total', { command: '0x0105' })).toBe(1);
  });
});

describe('0x010a, kicking the PC', () => {
  it('from a mobile client is forwarded to a route_server and answered', async () => {
    const mobile = await server.logIn(4, CLIENT_TYPE_IOS);
    const answer = await mobile.ask(
      Commands.LoginReqKickpcclient,
      { userId: 99 },
      Commands.LoginResKickpcclient,
    );
    expect(answer).toMatchObject({ userId: 4, resultCode: 0 });
    expect(server.route.kicks).toMatchObject([{ userId: 4, clientClass: 1, reason: 2 }]);
  });

  it('from a PC client is ignored', async () => {
    const pc = await server.logIn(5, CLIENT_TYPE_WINDOWS);
    const kicks = server.route.kicks.length;
    await pc.send(Commands.LoginReqKickpcclient, { userId: 5 });
    await pc.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(pc.pending).toEqual([]);
    expect(server.route.kicks).toHaveLength(kicks);
    expect(await refusals('0x010a')).toBe(1);
  });
});

describe('the do-not-disturb switch', () => {
  it('0x010c: is set and answered, or refused', async () => {
    const client = await server.logIn(6);
    const set = (shieldStatus: number) =>
      client.ask(Commands.LoginReqPushShield, { userId: 99, shieldStatus }, Commands.LoginResPushShield);
    expect(await set(1)).toMatchObject({ userId: 6, resultCode: 0, shieldStatus: 1 });
    expect(server.db.answers.asked('setPushShield')).toMatchObject([{ userId: 6, shieldStatus: 1 }]);
    server.db.answers.replies.setPushShield = { done: false };
    const refused = await set(2);
    expect(refused).toMatchObject({ userId: 6, resultCode: 1 });
    expect(Object.hasOwn(refused, 'shieldStatus')).toBe(false);
  });

  it('0x010e: is returned', async () => {
    const client = await server.logIn(6);
    server.db.answers.replies.getPushShield = { shieldStatus: 1 };
    const answer = await client.ask(
      Commands.LoginReqQueryPushShield,
      { userId: 99 },
      Commands.LoginResQueryPushShield,
    );
    expect(answer).toMatchObject({ userId: 6, resultCode: 0, shieldStatus: 1 });
    expect(server.db.answers.asked('getPushShield')).toMatchObject([{ userId: 6 }]);
  });
});

describe('0x0206, removing a session', () => {
  const remove = { userId: 99, sessionType: 1, sessionId: 8 };

  it('of a single session notifies the user’s other connections', async () => {
    const client = await server.logIn(7);
    const answer = await client.ask(
      Commands.BuddyListRemoveSessionReq,
      remove,
      Commands.BuddyListRemoveSessionRes,
    );
    expect(answer).toMatchObject({ userId: 7, resultCode: 0, sessionType: 1, sessionId: 8 });
    expect(server.db.answers.asked('removeSession')).toMatchObject([{ ...remove, userId: 7 }]);
    await waitUntil(() => server.route.notifies.length > 0, { what: 'the notify' });
    const [notify] = server.route.notifiesOf(Commands.BuddyListRemoveSessionNotify);
    expect(notify).toMatchObject({
      userIds: [7],
      exceptInstance: server.node,
      exceptConnection: server.connectionOf(7),
      seqNum: 0,
      message: { userId: 7, sessionType: 1, sessionId: 8 },
    });
  });

  it('of a group, or when refused, notifies nobody', async () => {
    const client = await server.logIn(7);
    const before = server.route.notifies.length;
    const ask = (sessionType: number) =>
      client.ask(
        Commands.BuddyListRemoveSessionReq,
        { ...remove, sessionType },
        Commands.BuddyListRemoveSessionRes,
      );
    expect(await ask(2)).toMatchObject({ resultCode: 0, sessionType: 2, sessionId: 8 });
    server.db.answers.replies.removeSession = { done: false };
    expect(await ask(1)).toMatchObject({ userId: 7, resultCode: 1, sessionType: 1, sessionId: 8 });
    await server.bus.flush();
    expect(server.route.notifies).toHaveLength(before);
  });
});

describe('changes broadcast to all clients', () => {
  it('0x020c, 0x0213: a change is answered, and every connection gets the last state', async () => {
    const [changing, mobile] = [await server.logIn(9), await server.logIn(10, CLIENT_TYPE_IOS)];
    const changeAvatar = (avatarUrl: string) =>
      changing.ask(
        Commands.BuddyListChangeAvatarRequest,
        { userId: 99, avatarUrl },
        Commands.BuddyListChangeAvatarResponse,
      );
    expect(await changeAvatar('http://old')).toMatchObject({ userId: 9, resultCode: 0 });
    expect(await changeAvatar('http://new')).toMatchObject({ userId: 9, resultCode: 0 });
    const signed = await changing.ask(
      Commands.BuddyListChangeSignInfoRequest,
      { userId: 99, signInfo: '在' },
      Commands.BuddyListChangeSignInfoResponse,
    );
    expect(signed).toMatchObject({ userId: 9, resultCode: 0, signInfo: '在' });
    expect(server.db.answers.asked('changeAvatar')).toMatchObject([
      { userId: 9, avatarUrl: 'http://old' },
      { userId: 9, avatarUrl: 'http://new' },
    ]);
    expect(server.db.answers.asked('changeSignature')).toMatchObject([{ userId: 9, signInfo: '在' }]);
    for (const client of [changing, mobile]) {
      const changed = { seqNum: 0, changedUserId: 9 };
      // A slow machine may notify of the old one, too.
      let avatar = await client.receive(Commands.BuddyListAvatarChangedNotify);
      if (avatar.avatarUrl === 'http://old')
        avatar = await client.receive(Commands.BuddyListAvatarChangedNotify);
      expect(avatar).toMatchObject({ ...changed, avatarUrl: 'http://new' });
      expect(await client.receive(Commands.BuddyListSignInfoChangedNotify)).toMatchObject({
        ...changed,
        signInfo: '在',
      });
      await client.roundTrip();
      expect(client.pending).toEqual([]);
    }
  });

  it('do not include changes the store refuses', async () => {
    const client = await server.logIn(11);
    server.db.answers.replies.changeAvatar = { done: false };
    server.db.answers.replies.changeSignature = { done: false };
    const avatar = await client.ask(
      Commands.BuddyListChangeAvatarRequest,
      { userId: 11, avatarUrl: 'x'.repeat(2000) },
      Commands.BuddyListChangeAvatarResponse,
    );
    expect(avatar).toMatchObject({ userId: 11, resultCode: 1 });
    const signature = await client.ask(
      Commands.BuddyListChangeSignInfoRequest,
      { userId: 11, signInfo: 'x'.repeat(129) },
      Commands.BuddyListChangeSignInfoResponse,
    );
    expect(signature).toMatchObject({ userId: 11, resultCode: 1 });
    expect(Object.hasOwn(signature, 'signInfo')).toBe(false);
    // Only the later change is broadcast.
    delete server.db.answers.replies.changeSignature;
    await client.ask(
      Commands.BuddyListChangeSignInfoRequest,
      { userId: 11, signInfo: 'short' },
      Commands.BuddyListChangeSignInfoResponse,
    );
    await client.receive(Commands.BuddyListSignInfoChangedNotify);
    expect(client.pending).toEqual([]);
  });
});

describe('0x0210, departments', () => {
  it('have every required field and the time for the next request', async () => {
    const client = await server.logIn(12);
    server.db.answers.replies.listDepartments = {
      departments: [
        { deptId: 3, deptName: '研发', parentDeptId: 1, priority: 7 },
        { deptId: 4, deptStatus: 1 },
      ],
      latestUpdateTime: 88,
    };
    const answer = await client.ask(
      Commands.BuddyListDepartmentRequest,
      { userId: 99, latestUpdateTime: 44 },
      Commands.BuddyListDepartmentResponse,
    );
    expect(server.db.answers.asked('listDepartments')).toMatchObject([{ updatedSince: 44 }]);
    expect(answer).toMatchObject({
      userId: 12,
      latestUpdateTime: 88,
      deptList: [
        { deptId: 3, priority: 7, deptName: '研发', parentDeptId: 1, deptStatus: 0 },
        { deptId: 4, priority: 0, deptName: '', parentDeptId: 0, deptStatus: 1 },
      ],
    });
  });
});
