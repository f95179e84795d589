import { topics } from '@teamtalk/bus';
import { Commands, IM } from '@teamtalk/protocol';
import { formatInstance } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestClient, TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

describe('the logins of a user', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
    server.bus.answer(topics.sessionsQuery, ({ userIds }) => ({
      sessions: (userIds ?? []).map((userId) => ({ userId, node: server.node })),
    }));
    await server.bus.flush();
  });
  afterAll(() => server.stop());

  const logInPage = (id: number) => server.logIn(id, CLIENT_TYPE_WINDOWS, 'web/0.1.0');
  const list = async (client: TestClient) =>
    (await client.ask(Commands.ExtListLoginsReq, {}, Commands.ExtListLoginsRsp)).loginList ?? [];
  const end = (client: TestClient, ...loginIdList: string[]) =>
    client.ask(Commands.ExtEndLoginsReq, { loginIdList }, Commands.ExtEndLoginsRsp);

  it('0x0803: are listed, including the requesting connection', async () => {
    const phone = await server.logIn(1, CLIENT_TYPE_ANDROID);
    const page = await logInPage(1);
    const logins = await list(page);
    const common = { address: '127.0.0.1', since: expect.any(Number) };
    expect(logins.map((each) => ({ ...each }))).toEqual(
      expect.arrayContaining([
        {
          ...common,
          loginId: `${formatInstance(server.node)}-${server.connectionOf(1)}`,
          isOwn: true,
          clientType: CLIENT_TYPE_WINDOWS,
          clientClass: 'web',
          clientVersion: 'web/0.1.0',
        },
        expect.objectContaining({ isOwn: false, clientType: CLIENT_TYPE_ANDROID, clientClass: 'mobile' }),
      ]),
    );
    expect(logins).toHaveLength(2);
    expect((await list(phone)).filter(({ isOwn }) => isOwn)).toMatchObject([{ clientClass: 'mobile' }]);
  });

  it('0x0805: one is ended, and its push registration is removed', async () => {
    const page = await logInPage(2);
    const phone = await server.logIn(2, CLIENT_TYPE_ANDROID);
    const other = await logInPage(2);
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 5 };
    await other.ask(Commands.ExtPushSubscriptionReq, { subscription: 'x' }, Commands.ExtPushSubscriptionRsp);
    const logins = await list(page);
    const idOf = (clientClass: string) =>
      logins.find((each) => !each.isOwn && each.clientClass === clientClass)?.loginId ?? '';
    expect(await end(page, idOf('mobile'))).toMatchObject({ resultCode: 0 });
    expect(await phone.receive(Commands.LoginKickUser)).toMatchObject({ userId: 2, kickReason: 1 });
    await phone.raw.closed;
    expect(server.db.answers.asked('setDeviceToken').at(-1)).toMatchObject({ userId: 2, deviceToken: '' });
    expect(await end(page, idOf('web'))).toMatchObject({ resultCode: 0 });
    expect(await other.receive(Commands.LoginKickUser)).toMatchObject({ kickReason: 2 });
    const forgotten = { userId: 2, subscription: '', formerDeviceId: 5 };
    expect(server.db.answers.asked('setPushSubscription').at(-1)).toMatchObject(forgotten);
    expect(server.db.answers.asked('forgetPushDevices')).toEqual([]);
    await page.roundTrip();
  });

  it('0x0805: all others are ended, and the push registrations of all other devices are removed', async () => {
    const pc = await server.logIn(3);
    const page = await logInPage(3);
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 6 };
    await page.ask(Commands.ExtPushSubscriptionReq, { subscription: 'x' }, Commands.ExtPushSubscriptionRsp);
    expect(await end(page)).toMatchObject({ resultCode: 0 });
    expect(await pc.receive(Commands.LoginKickUser)).toMatchObject({ userId: 3, kickReason: 1 });
    expect(server.db.answers.asked('forgetPushDevices')).toMatchObject([{ userId: 3, keptDeviceId: 6 }]);
    await page.roundTrip();
  });

  it('0x0805: refuses to end the logins of others, this connection, and unknown ones', async () => {
    const [own, other] = [await server.logIn(4), await server.logIn(5)];
    const phone = await server.logIn(4, CLIENT_TYPE_ANDROID);
    const [ofOwn, ofOther] = [await list(own), await list(other)];
    const idOf = (logins: typeof ofOwn, isOwn: boolean) =>
      logins.find((each) => each.isOwn === isOwn)?.loginId ?? '';
    const tooMany = Array.from({ length: 51 }, () => idOf(ofOwn, false));
    const lists = [[idOf(ofOther, true)], [idOf(ofOwn, true)], [''], [idOf(ofOwn, false), 'x'], tooMany];
    for (const ids of lists) expect(await end(own, ...ids)).toMatchObject({ resultCode: 1 });
    for (const each of [own, other, phone]) await each.roundTrip();
    for (const each of [own, other, phone]) expect(each.pending).toEqual([]);
    expect(await server.metric('requests_refused_total', { command: '0x0805' })).toBe(lists.length);
  });
});
