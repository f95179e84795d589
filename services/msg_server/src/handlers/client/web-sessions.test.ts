import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_MAC, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

describe('web sessions', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const logInByWeb = (id: number) => server.logIn(id, CLIENT_TYPE_WINDOWS, 'web/0.1.0');

  it('coexist with the PC and the mobile, up to five; the sixth kicks the oldest', async () => {
    const [pc, mobile] = [await server.logIn(1), await server.logIn(1, CLIENT_TYPE_ANDROID)];
    const web = [];
    for (let i = 0; i < 5; i++) web.push(await logInByWeb(1));
    for (const each of [pc, mobile, ...web]) await each.roundTrip();
    web.push(await logInByWeb(1));
    const [oldest, ...others] = web;
    expect(await oldest!.receive(Commands.LoginKickUser)).toMatchObject({ userId: 1, kickReason: 1 });
    await oldest!.raw.closed;
    const mac = await server.logIn(1, CLIENT_TYPE_MAC);
    expect(await pc.receive(Commands.LoginKickUser)).toMatchObject({ userId: 1, kickReason: 1 });
    for (const each of [mac, mobile, ...others]) {
      await each.roundTrip();
      expect(each.pending).not.toContain(Commands.LoginKickUser.id);
    }
  });

  it('are announced so that a route_server of the previous version takes them for the oldest PC logins', async () => {
    await server.logIn(2);
    const web = await logInByWeb(2);
    web.raw.close();
    const ofWeb = () => server.route.changes.filter((each) => each.userId === 2 && each.webLoginSeq! > 0);
    await waitUntil(() => ofWeb().length === 2, { what: 'both changes' });
    const [came, gone] = ofWeb();
    expect(came).toMatchObject({ clientType: CLIENT_TYPE_WINDOWS, loginSeq: 0, online: true });
    expect(gone).toMatchObject({ connectionId: came!.connectionId, loginSeq: 0, online: false });
    const ofPc = server.route.changes.find((each) => each.userId === 2 && each.loginSeq! > 0);
    expect(ofPc).toMatchObject({ webLoginSeq: 0 });
    await logInByWeb(2);
    const { sessions } = await server.route.snapshot(server.node);
    expect(sessions.filter((each) => each.userId === 2).map((each) => each.loginSeq! > 0)).toEqual([
      true,
      false,
    ]);
  });

  it('are not kicked as duplicates by a route_server that does not know them', async () => {
    const web = await logInByWeb(3);
    const kick = { userId: 3, connectionId: server.connectionOf(3) };
    server.route.send(server.node, { kick: { ...kick, reason: 1 } });
    await server.bus.flush();
    await web.roundTrip();
    expect(web.pending).toEqual([]);
    server.route.send(server.node, { kick: { ...kick, reason: 1, knowsWeb: true } });
    expect(await web.receive(Commands.LoginKickUser)).toMatchObject({ userId: 3, kickReason: 1 });
  });

  it.each([
    [2, 2],
    [0, 1],
  ])('for kick reason %i of a route_server, the client is told reason %i', async (reason, kickReason) => {
    const web = await logInByWeb(4);
    server.route.send(server.node, { kick: { userId: 4, connectionId: server.connectionOf(4), reason } });
    expect(await web.receive(Commands.LoginKickUser)).toMatchObject({ userId: 4, kickReason });
  });
});
