import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { converse } from '../testing/tcp-client.js';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const ask = async (seqNum = 1) => {
  const pdus = await converse(server.service.ports.tcp!, encodePdu(Commands.LoginReqMsgserver, {}, seqNum));
  expect(pdus).toHaveLength(1);
  expect(pdus[0]).toMatchObject({ serviceId: 1, commandId: 0x0102, seqNum });
  return decodeBody(Commands.LoginResMsgserver, pdus[0]!.body);
};

it('answers 0x0101 with 0x0102 under the same seq_num, then closes', async () => {
  server.announce(1, { ip1: '192.0.2.1', ip2: '198.51.100.1', port: 8001 });
  await expect.poll(async () => (await ask()).resultCode).toBe(0);
  expect(await ask(32_767)).toMatchObject({
    resultCode: 0,
    priorIp: '192.0.2.1',
    backipIp: '198.51.100.1',
    port: 8001,
  });
});

it('answers 1 without a msg_server and 2 when all are full', async () => {
  const none = await ask();
  expect(none.resultCode).toBe(1);
  expect(Object.hasOwn(none, 'priorIp')).toBe(false);
  server.announce(1, { connections: 100, maxConnections: 100 });
  await expect.poll(async () => (await ask()).resultCode).toBe(2);
});
