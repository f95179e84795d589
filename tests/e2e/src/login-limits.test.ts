import { createHash } from 'node:crypto';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { proxyHeader } from '@teamtalk/local-stack';
import { ClientType, Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

const { REFUSE_REASON_NONE: ok, REFUSE_REASON_DB_VALIDATE_FAILED: refused } = IM.BaseDefine.ResultType;
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

let cluster: TestCluster;
let turn = 0;

beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 2,
    db_proxy_server: 2,
    envOf: {
      msg_server: { PROXY_PROTOCOL: 'v2' },
      db_proxy_server: { LOGIN_MAX_FAILURES: '3', LOGIN_MAX_NAMES_PER_ADDRESS: '4' },
    },
  });
});
afterAll(() => cluster?.stop());

/** The result of a login from an address, alternating between the msg_servers. */
async function logIn(userName: string, address: string, password = testPassword): Promise<number> {
  const connection = await cluster.connectRaw(turn++ % 2);
  const request = encodePdu(
    Commands.LoginReqUserlogin,
    { userName, password: md5(password), onlineStatus: 1, clientType: ClientType.WINDOWS },
    1,
  );
  await connection.send(Buffer.concat([proxyHeader(address), request]));
  const pdu = await connection.next(({ commandId }) => commandId === Commands.LoginResUserlogin.id, 20_000);
  connection.close();
  return decodeBody(Commands.LoginResUserlogin, pdu.body).resultCode;
}

it('guessing from unknown networks does not lock users out of their known ones, on any server', async () => {
  await cluster.addUsers(['victim']);
  expect(await logIn('victim', '203.0.113.7')).toBe(ok);
  for (let i = 0; i < 3; i++) expect(await logIn('victim', `192.0.2.${i}`, 'guess')).toBe(refused);
  for (let i = 0; i < 2; i++) {
    expect(await logIn('victim', '192.0.2.77')).toBe(refused);
    expect(await logIn('victim', '203.0.113.7')).toBe(ok);
  }
});

it('an address that tries many names is blocked on all servers; its known users and other addresses are not', async () => {
  await cluster.addUsers(['regular', 'newcomer']);
  expect(await logIn('regular', '198.51.100.1')).toBe(ok);
  for (let i = 0; i < 4; i++) expect(await logIn(`name ${i}`, '198.51.100.1', 'guess')).toBe(refused);
  for (let i = 0; i < 2; i++) {
    expect(await logIn('newcomer', '198.51.100.1')).toBe(refused);
    expect(await logIn('regular', '198.51.100.1')).toBe(ok);
  }
  expect(await logIn('newcomer', '198.51.100.2')).toBe(ok);
  const limited = await Promise.all(
    [0, 1].map((k) => cluster.metric('db_proxy_server', k, 'logins_limited_total', { limit: 'address' })),
  );
  expect(limited[0]! + limited[1]!).toBe(2);
});
