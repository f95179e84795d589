import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;
const bot = 7;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  server.db.bots.add(bot);
});
afterAll(() => server.stop());

it('a bot can have logins up to its limit, whatever their client types', async () => {
  const processes = [
    await server.logIn(bot),
    await server.logIn(bot, CLIENT_TYPE_ANDROID),
    await server.logIn(bot, CLIENT_TYPE_WINDOWS, 'web/1'),
  ];
  while (processes.length < 20) processes.push(await server.logIn(bot));
  for (const each of processes) {
    await each.roundTrip();
    expect(each.pending).not.toContain(Commands.LoginKickUser.id);
  }
  await server.logIn(bot);
  expect(await processes[0]!.receive(Commands.LoginKickUser)).toMatchObject({ userId: bot, kickReason: 1 });
  await processes[1]!.roundTrip();
});

it('announces bot sessions so that a route_server of the previous version takes them for web sessions', async () => {
  server.db.bots.add(8);
  const client = await server.logIn(8);
  client.raw.close();
  const changes = () => server.route.changes.filter((each) => each.userId === 8);
  await waitUntil(() => changes().length === 2, { what: 'both changes' });
  for (const change of changes()) expect(change).toMatchObject({ bot: true, loginSeq: 0 });
  expect(changes()[0]!.webLoginSeq).toBeGreaterThan(0);
});

it('a bot is not kicked as a duplicate by a route_server that does not know bots', async () => {
  server.db.bots.add(9);
  const client = await server.logIn(9);
  const kick = { userId: 9, connectionId: server.connectionOf(9), reason: 1, knowsWeb: true };
  server.route.send(server.node, { kick });
  await server.bus.flush();
  await client.roundTrip();
  expect(client.pending).toEqual([]);
  server.route.send(server.node, { kick: { ...kick, knowsBots: true } });
  expect(await client.receive(Commands.LoginKickUser)).toMatchObject({ userId: 9, kickReason: 1 });
});
