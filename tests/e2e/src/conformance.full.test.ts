import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { runConformance, textTable } from '@teamtalk/conformance';
import { Commands, encodeRawPdu, MSG_SERVER_FRAME_LIMIT, type Pdu, PduDecoder } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

const host = '127.0.0.1';
/** Each case needs four users; three run at a time. */
const users = Array.from({ length: 12 }, (_, i) => `conform-${i}`);
const lockUser = 'conform-locked';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    login_server: 1,
    http_msg_server: 1,
    file_server: 2,
    msfs: 1,
    envOf: {
      file_server: { PEER_GRACE_MS: '2500' },
      db_proxy_server: { DIRECT_DELIVERY: process.env.DIRECT_DELIVERY ?? 'true' },
    },
  });
  await cluster.addUsers([...users, lockUser]);
});
afterAll(() => cluster?.stop());

it('this server conforms: every case passes, and none is left out', { timeout: 180_000 }, async () => {
  const results = await runConformance({
    servers: [0, 1].map((k) => ({ host, port: cluster.port('msg_server', k, 'client') })),
    users,
    password: testPassword,
    lockUser,
    http: cluster.url('http_msg_server'),
    loginHttp: cluster.url('login_server'),
    loginTcp: { host, port: cluster.port('login_server', 0, 'tcp') },
    msfs: cluster.url('msfs'),
    deadlineMs: 15_000,
  });
  const wanting = results.filter(({ status }) => status !== 'passed');
  expect(wanting.length, textTable(wanting)).toBe(0);
  expect(results.length).toBeGreaterThan(200);
});

/** What a defective server would send in place of a PDU; undefined: the PDU itself. */
type Worse = (pdu: Pdu) => Buffer[] | undefined;

const again = ({ commandId, body, seqNum }: Pdu) => encodeRawPdu(commandId, body, seqNum);
const instead = (command: { id: number }, send: (pdu: Pdu) => Buffer[]): Worse => {
  return (pdu) => (pdu.commandId === command.id ? send(pdu) : undefined);
};

it.each<[string, string, RegExp, Worse]>([
  [
    'a seq_num on what it starts by itself',
    'client android/takes a message',
    /got 0x0301 CID_MSG_DATA: seq_num 9 on what the server started by itself/,
    instead(Commands.MsgData, ({ commandId, body }) => [encodeRawPdu(commandId, body, 9)]),
  ],
  [
    'a message twice',
    'client ios/takes a message',
    /got 0x0301 CID_MSG_DATA: msg_id \d+ of users .* after/,
    instead(Commands.MsgData, (pdu) => [again(pdu), again(pdu)]),
  ],
  [
    'no ack',
    'sending/the same attach_data',
    /got no 0x0302 CID_MSG_DATA_ACK within 500 ms/,
    instead(Commands.MsgDataAck, () => []),
  ],
  [
    'an answer without a body',
    'login/a mobile’s device token',
    /got 0x0109 CID_LOGIN_RES_DEVICETOKEN: no body/,
    instead(Commands.LoginResDevicetoken, ({ commandId, seqNum }) => [
      encodeRawPdu(commandId, Buffer.alloc(0), seqNum),
    ]),
  ],
  [
    'something where nothing may come',
    'reading/a read ack of a session with nobody',
    /got 0x0304 CID_MSG_READ_NOTIFY/,
    instead(Commands.SwitchP2pCmd, (pdu) => [
      // user 1 in session 2, of type 1, has read up to 3
      encodeRawPdu(Commands.MsgReadNotify.id, Buffer.of(8, 1, 16, 2, 24, 3, 32, 1), 0),
      again(pdu),
    ]),
  ],
])('finds a server that sends %s', async (_, filter, problem, worse) => {
  const proxy = await worseServer(cluster.port('msg_server', 0, 'client'), worse);
  try {
    const { port } = proxy.address() as AddressInfo;
    const results = await runConformance({
      servers: [{ host, port }],
      users: users.slice(0, 4),
      password: testPassword,
      filter,
      deadlineMs: 500,
    });
    expect(results).toMatchObject([{ status: 'failed', reason: expect.stringMatching(problem) }]);
  } finally {
    proxy.close();
  }
});

/** A proxy in front of a msg_server that changes some of its PDUs. */
async function worseServer(port: number, worse: Worse): Promise<Server> {
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host, noDelay: true });
    const decoder = new PduDecoder(MSG_SERVER_FRAME_LIMIT);
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      decoder.push(chunk);
      for (let pdu = decoder.next(); pdu; pdu = decoder.next()) {
        for (const bytes of worse(pdu) ?? [again(pdu)]) client.write(bytes);
      }
    });
    upstream.on('end', () => client.end());
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, host);
  await once(proxy, 'listening');
  return proxy;
}
