import { topics } from '@teamtalk/bus';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_IOS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;
const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

async function acknowledged(userId: number, sessionId: number, sessionType = SESSION_TYPE_SINGLE) {
  const conversations = [{ userId, sessionType, sessionId }];
  const { msgIds } = await server.bus.request(topics.acknowledged(server.node), { conversations }, 5_000);
  return msgIds;
}

it('records what a phone has acknowledged, in iOS and Android form, but not what a PC has', async () => {
  const pc = await server.logIn(601, CLIENT_TYPE_WINDOWS);
  const phone = await server.logIn(601, CLIENT_TYPE_IOS);
  const [a, b] = [server.store(900, 601, 'a'), server.store(900, 601, 'b')];
  await server.route.deliver(server.node, a, b);
  const receipt = { userId: 601, sessionId: 900, sessionType: SESSION_TYPE_SINGLE };
  await pc.send(Commands.MsgDataAck, { ...receipt, msgId: 2 });
  await pc.roundTrip();
  expect(await acknowledged(601, 900)).toEqual([0]);
  await phone.send(Commands.MsgDataAck, { ...receipt, msgId: 2 });
  await phone.send(Commands.MsgDataAck, { ...receipt, msgId: 1 });
  // No message of this conversation was delivered.
  await phone.send(Commands.MsgDataAck, { ...receipt, msgId: 3 });
  await phone.send(Commands.MsgDataAck, { ...receipt, sessionId: 901, msgId: 1 });
  await phone.roundTrip();
  expect(await acknowledged(601, 900)).toEqual([2]);
  expect(await acknowledged(601, 901)).toEqual([0]);

  const android = await server.logIn(602, CLIENT_TYPE_ANDROID);
  await server.route.deliver(server.node, server.store(900, 602, 'a'));
  const reversed = { userId: 900, sessionId: 602, sessionType: SESSION_TYPE_SINGLE, msgId: 1 };
  await android.send(Commands.MsgDataAck, reversed);
  await android.roundTrip();
  expect(await acknowledged(602, 900)).toEqual([1]);
  expect(await acknowledged(603, 900)).toEqual([0]);
  expect(await acknowledged(602, 900, SESSION_TYPE_GROUP)).toEqual([0]);
});
