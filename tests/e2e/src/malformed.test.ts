import { randomBytes } from 'node:crypto';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { loginFrame, type RawConnection, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu, encodeRawPdu } from '@teamtalk/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

let cluster: TestCluster;
let ids: Record<string, number>;
let witness: Awaited<ReturnType<TestCluster['connect']>>;
let raw: RawConnection;

beforeAll(async () => {
  cluster = await TestCluster.start();
  ids = await cluster.addUsers(['witness', 'other', 'guest']);
  witness = await cluster.connect('witness');
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  raw = await cluster.connectRaw();
});

/** Other clients are not affected. */
afterEach(async () => {
  raw.close();
  expect(witness.isOnline).toBe(true);
  expect((await witness.send({ user: ids.other as number }, 'still here')).msgId).toBeGreaterThan(0);
});

const bad = (reason: string) => cluster.metric('msg_server', 0, 'bad_pdus_total', { reason });
const closed = (reason: string, at = 0) =>
  cluster.metric('msg_server', at, 'connections_closed_total', { reason });

function headerWith(length: number): Buffer {
  const header = encodeRawPdu(Commands.OtherHeartbeat.id, Buffer.alloc(0), 1);
  header.writeUInt32BE(length, 0);
  return header;
}

const login = loginFrame({ name: 'guest', password: testPassword, clientType: ClientType.WINDOWS }, 7);

async function logIn(): Promise<void> {
  await raw.send(login);
  await raw.receive(Commands.LoginResUserlogin, (_, { seqNum }) => seqNum === 7);
}

it.each([0, 1, 15])('length %d: counted, closed', async (length) => {
  const before = await bad('length-below-header');
  await raw.send(headerWith(length));
  await raw.closed;
  expect(await bad('length-below-header')).toBe(before + 1);
});

it.each([2 ** 31, 2 ** 32 - 1])('length %d: counted, closed before the body is buffered', async (length) => {
  const before = await bad('length-above-limit');
  await raw.send(headerWith(length));
  await raw.closed;
  expect(await bad('length-above-limit')).toBe(before + 1);
});

it('a body that is no protobuf, and an unknown command: ignored, counted; the connection lives', async () => {
  await logIn();
  await raw.send(encodeRawPdu(Commands.MsgData.id, randomBytes(40).fill(0xff), 8));
  await raw.send(encodeRawPdu(0x0bad, Buffer.from('x'), 9));
  await raw.send(encodePdu(Commands.MsgTimeRequest, {}, 10));
  const answer = await raw.next((pdu) => pdu.commandId === Commands.MsgTimeResponse.id);
  expect(answer.seqNum).toBe(10);
  expect(await bad('body')).toBe(1);
  expect(await bad('unknown-command')).toBe(1);
});

it('a message before the login: closed', async () => {
  const message = {
    fromUserId: 1,
    toSessionId: 2,
    msgId: 0,
    createTime: 0,
    msgType: 1,
    msgData: Buffer.from('x'),
  };
  const before = await closed('before-login');
  await raw.send(encodePdu(Commands.MsgData, message, 1));
  await raw.closed;
  expect(await closed('before-login')).toBe(before + 1);
});

it('heartbeats are echoed before the login, with their seq_num', async () => {
  await raw.send(encodeRawPdu(Commands.OtherHeartbeat.id, Buffer.alloc(0), 4711));
  expect(await raw.next()).toMatchObject({ commandId: Commands.OtherHeartbeat.id, seqNum: 4711 });
});

it('5 MB of noise: closed', async () => {
  const noise = randomBytes(5_000_000);
  noise.writeUInt32BE(0xffffffff, 0);
  await raw.send(noise);
  await raw.closed;
});

it('a silent connection is closed after the login timeout', async () => {
  const hasty = await cluster.add('msg_server', { LOGIN_TIMEOUT_MS: '1000' });
  const silent = await cluster.connectRaw(hasty);
  await silent.closed;
  expect(await closed('login-timeout', hasty)).toBe(1);
});

it('a login in single bytes is a login', async () => {
  for (const byte of login) await raw.send(Buffer.of(byte));
  expect(await raw.receive(Commands.LoginResUserlogin)).toMatchObject({ resultCode: 0 });
});

it('after a kick nothing of the old connection is served', async () => {
  await logIn();
  const newcomer = await cluster.connect('guest');
  await raw.next((pdu) => pdu.commandId === Commands.LoginKickUser.id);
  await raw.closed;
  await waitUntil(() => newcomer.isOnline, { what: 'the newcomer online' });
});
