import { once } from 'node:events';
import { Commands, encodePdu, encodeRawPdu, MsgType } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TeamTalkClient } from './client.js';
import { DeadlineExceeded, LoginRefused } from './errors.js';
import type { ClientOptions } from './options.js';
import { codec, ME, MiniMsgServer, userInfo } from './testing/mini-msg-server.js';
import { type Peer, roundTrip } from './testing/scripted-server.js';

let server: MiniMsgServer;
const clients: TeamTalkClient[] = [];

function newClient(options: Partial<ClientOptions> = {}): TeamTalkClient {
  const client = new TeamTalkClient({
    ...server.scripted.address,
    reconnect: false,
    deadlineMs: 4_000,
    ...options,
  });
  clients.push(client);
  return client;
}

async function loggedIn(options: Partial<ClientOptions> = {}): Promise<[TeamTalkClient, Peer]> {
  const client = newClient(options);
  await client.login({ name: 'u7', password: '123456' });
  return [client, await server.scripted.nextPeer()];
}

beforeEach(async () => {
  server = await MiniMsgServer.start();
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.stop();
});

describe('login', () => {
  it('sends the MD5 of the password and returns the user', async () => {
    server.scripted.ignore(Commands.LoginReqUserlogin);
    const client = newClient();
    const login = client.login({ name: 'u7', password: '123456', clientType: 0x11 });
    const peer = await server.scripted.nextPeer();
    const { message, seqNum } = await peer.next(Commands.LoginReqUserlogin);
    expect(message).toMatchObject({
      userName: 'u7',
      password: 'e10adc3949ba59abbe56e057f20f883e',
      onlineStatus: 1,
      clientType: 0x11,
    });
    expect(seqNum).toBe(1);
    expect(client.isOnline).toBe(false);
    peer.send(Commands.LoginResUserlogin, { serverTime: 1, resultCode: 0, userInfo: userInfo(ME) }, seqNum);
    expect(await login).toMatchObject({ userId: ME, userDomain: 'u7' });
    expect(client.isOnline).toBe(true);
    expect(client.userId).toBe(ME);
  });

  it('reports the code and text of a refusal, closes, and can be retried', async () => {
    server.scripted.respond(Commands.LoginReqUserlogin, (peer, _, seqNum) => {
      peer.send(Commands.LoginResUserlogin, { serverTime: 1, resultCode: 6, resultString: 'wrong' }, seqNum);
    });
    const client = newClient();
    for (let attempt = 0; attempt < 2; attempt++) {
      const refused = await client.login({ name: 'u7', password: 'no' }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(LoginRefused);
      expect(refused).toMatchObject({ code: 'login-refused', resultCode: 6, resultString: 'wrong' });
      expect(client.isConnected).toBe(false);
    }
  });

  it('fails when the server does not answer or cannot be reached', async () => {
    server.scripted.ignore(Commands.LoginReqUserlogin);
    const silent = newClient({ deadlineMs: 20 });
    await expect(silent.login({ name: 'u7' })).rejects.toBeInstanceOf(DeadlineExceeded);
    const nobody = newClient({ host: '127.0.0.1', port: 1 });
    await expect(nobody.login({ name: 'u7' })).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('receives PDUs in the same packet as the login response', async () => {
    server.storeTexts(3, 1);
    server.scripted.respond(Commands.LoginReqUserlogin, (peer, _, seqNum) => {
      peer.socket.cork();
      peer.send(Commands.LoginResUserlogin, { serverTime: 1, resultCode: 0, userInfo: userInfo(ME) }, seqNum);
      server.deliver(peer, 3, 1);
      peer.socket.uncork();
    });
    const [client] = await loggedIn();
    expect(await client.nextMessage()).toMatchObject({ msgId: 1, fromUserId: 3 });
  });

  it('is needed before anything else', async () => {
    const client = newClient();
    await expect(client.send({ user: 1 }, 'x')).rejects.toMatchObject({ code: 'not-logged-in' });
    await expect(client.serverTime()).rejects.toMatchObject({ code: 'disconnected' });
    await client.connect();
    await expect(client.unread()).rejects.toMatchObject({ code: 'not-logged-in' });
    await client.login({ name: 'u7' });
    await expect(client.login({ name: 'u7' })).rejects.toMatchObject({ code: 'already-logged-in' });
  });
});

describe('send', () => {
  it('encrypts text and returns the msg_id of the ack', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client, peer] = await loggedIn();
    const sent = client.send({ user: 3 }, 'hello', { key: 'mine' });
    const { message, seqNum } = await peer.next(Commands.MsgData);
    expect(message).toMatchObject({ fromUserId: ME, toSessionId: 3, msgId: 0, msgType: MsgType.SINGLE_TEXT });
    expect(codec.decrypt(message.msgData)).toBe('hello');
    expect(Buffer.from(message.attachData!).toString()).toBe('mine');
    peer.send(Commands.MsgDataAck, { userId: ME, sessionId: 3, msgId: 42, sessionType: 1 }, seqNum);
    expect(await sent).toEqual({ msgId: 42, key: new TextEncoder().encode('mine') });
  });

  it('sends bytes as they are, to a group with its own message type', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client, peer] = await loggedIn();
    const sent = client.send({ group: 5 }, Buffer.from([0, 0, 0, 3, 9]), { type: MsgType.GROUP_AUDIO });
    const text = client.send({ group: 5 }, 'text');
    const first = await peer.next(Commands.MsgData);
    expect(first.message).toMatchObject({ toSessionId: 5, msgType: MsgType.GROUP_AUDIO });
    expect([...first.message.msgData]).toEqual([0, 0, 0, 3, 9]);
    const second = await peer.next(Commands.MsgData);
    expect(second.message.msgType).toBe(MsgType.GROUP_TEXT);
    // Acks may come in any order.
    const ack = (msgId: number) => ({ userId: ME, sessionId: 5, msgId, sessionType: 2 });
    peer.send(Commands.MsgDataAck, ack(2), second.seqNum);
    peer.send(Commands.MsgDataAck, ack(1), first.seqNum);
    expect((await sent).msgId).toBe(1);
    expect((await text).msgId).toBe(2);
  });

  it('fails without an ack in time and reports the key for a retry', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client] = await loggedIn();
    const error = await client.send({ user: 3 }, 'x', { key: 'k', deadlineMs: 20 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeadlineExceeded);
    expect((error as DeadlineExceeded).key).toEqual(new TextEncoder().encode('k'));
  });

  it('limits the messages in flight', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client] = await loggedIn({ maxInFlight: 2 });
    const waiting = [client.send({ user: 3 }, '1'), client.send({ user: 3 }, '2')];
    await expect(client.send({ user: 3 }, '3')).rejects.toMatchObject({ code: 'too-many-in-flight' });
    // Requests have a limit of their own.
    server.scripted.respond(Commands.MsgTimeRequest, (peer, _, seqNum) =>
      peer.send(Commands.MsgTimeResponse, { serverTime: 9 }, seqNum),
    );
    expect(await client.serverTime()).toBe(9);
    const ends = waiting.map((each) => expect(each).rejects.toMatchObject({ code: 'closed' }));
    await client.close();
    await Promise.all(ends);
  });
});

describe('requests', () => {
  it('are matched by sequence number and command', async () => {
    const [client, peer] = await loggedIn();
    const slow = client.request(Commands.MsgTimeRequest, Commands.MsgTimeResponse, {});
    const fast = client.serverTime();
    const first = await peer.next(Commands.MsgTimeRequest);
    const second = await peer.next(Commands.MsgTimeRequest);
    // A response without a request, one of another command, one with sequence number 0.
    peer.send(Commands.MsgTimeResponse, { serverTime: 1 }, 999);
    peer.send(Commands.OtherHeartbeat, {}, first.seqNum);
    peer.send(Commands.MsgTimeResponse, { serverTime: 2 }, 0);
    peer.send(Commands.MsgTimeResponse, { serverTime: 20 }, second.seqNum);
    peer.send(Commands.MsgTimeResponse, { serverTime: 10 }, first.seqNum);
    expect(await fast).toBe(20);
    expect(await slow).toEqual({ serverTime: 10 });
  });

  it('fail at the deadline, on a malformed response, and with the connection', async () => {
    const [client, peer] = await loggedIn();
    await expect(
      client.request(Commands.MsgTimeRequest, Commands.MsgTimeResponse, {}, { deadlineMs: 20 }),
    ).rejects.toBeInstanceOf(DeadlineExceeded);
    await peer.next(Commands.MsgTimeRequest);
    const broken = client.serverTime();
    const { seqNum } = await peer.next(Commands.MsgTimeRequest);
    peer.socket.write(encodeRawPdu(Commands.MsgTimeResponse.id, Buffer.from('junk'), seqNum));
    await expect(broken).rejects.toMatchObject({ name: 'BodyError' });
    const lost = client.serverTime();
    await peer.next(Commands.MsgTimeRequest);
    peer.reset();
    await expect(lost).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('read history, newest first, with texts', async () => {
    server.storeTexts(3, 5);
    const [client] = await loggedIn();
    const history = await client.history({ user: 3 }, { begin: 4, count: 2 });
    expect(history.map(({ msgId, text, fromUserId }) => [msgId, text, fromUserId])).toEqual([
      [4, '4', 3],
      [3, '3', 3],
    ]);
    expect(await client.latestMessageId({ user: 3 })).toBe(5);
    expect((await client.unread()).sessions).toMatchObject([{ sessionId: 3, unreadCnt: 5, latestMsgId: 5 }]);
  });

  it('send read acks and log out', async () => {
    const [client, peer] = await loggedIn();
    await client.markRead({ user: 3 }, 12);
    expect((await peer.next(Commands.MsgReadAck)).message).toEqual({
      userId: ME,
      sessionId: 3,
      msgId: 12,
      sessionType: 1,
    });
    const logout = client.logout();
    const { seqNum } = await peer.next(Commands.LoginReqLoginout);
    peer.send(Commands.LoginResLoginout, { resultCode: 0 }, seqNum);
    await logout;
    await expect(client.serverTime()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('receiving', () => {
  it('emits every message once and in order, however the bytes are split', async () => {
    server.storeTexts(3, 20);
    const [client, peer] = await loggedIn();
    const pdus = server
      .log(3)
      .map((info) =>
        encodePdu(Commands.MsgData, { ...info, fromUserId: 3, toSessionId: ME, attachData: undefined }, 0),
      );
    const bytes = Buffer.concat([...pdus.slice(0, 10), ...pdus.slice(5, 20)]);
    for (let at = 0; at < bytes.length; at += 7) {
      await new Promise((resolve) => peer.socket.write(bytes.subarray(at, at + 7), resolve));
    }
    const ids: number[] = [];
    for await (const message of client.messages()) {
      expect(message).toMatchObject({ fromUserId: 3, session: { user: 3 }, text: String(message.msgId) });
      if (ids.push(message.msgId) === 20) break;
    }
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const receipts = await Promise.all(Array.from({ length: 25 }, () => peer.next(Commands.MsgDataAck)));
    expect(receipts.map(({ message }) => message.msgId)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => i + 1),
      ...Array.from({ length: 15 }, (_, i) => i + 6),
    ]);
    expect(receipts[0]!.message).toMatchObject({ userId: ME, sessionId: 3, sessionType: 1 });
  });

  it('sends no receipts when that is switched off', async () => {
    server.storeTexts(3, 1);
    const [client, peer] = await loggedIn({ receipts: false });
    server.deliver(peer, 3, 1);
    await client.nextMessage();
    await client.markRead({ user: 3 }, 1);
    await peer.next(Commands.MsgReadAck);
    expect(peer.count(Commands.MsgDataAck)).toBe(0);
  });

  it('surfaces messages whose acks and deliveries overtake each other', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client, peer] = await loggedIn();
    server.storeTexts(3, 1);
    const sent = client.send({ user: 3 }, 'mine');
    const { message, seqNum } = await peer.next(Commands.MsgData);
    server.acknowledge(peer, message, seqNum);
    expect((await sent).msgId).toBe(2);
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 1);
    server.deliver(peer, 3, 3);
    expect([(await client.nextMessage()).msgId, (await client.nextMessage()).msgId]).toEqual([1, 3]);
  });

  it("puts a copy of one's own message into the session with the other", async () => {
    server.store(3, ME, codec.encrypt('from my phone'));
    const [client, peer] = await loggedIn();
    server.deliver(peer, 3, 1);
    expect(await client.nextMessage()).toMatchObject({
      fromUserId: ME,
      session: { user: 3 },
      text: 'from my phone',
    });
  });

  it('handles groups, audio, and texts of another key', async () => {
    const [client, peer] = await loggedIn();
    const group = { fromUserId: 3, toSessionId: 5, createTime: 1 };
    peer.send(Commands.MsgData, {
      ...group,
      msgId: 1,
      msgType: MsgType.GROUP_AUDIO,
      msgData: Buffer.from('abc'),
    });
    peer.send(Commands.MsgData, {
      ...group,
      msgId: 2,
      msgType: MsgType.GROUP_TEXT,
      msgData: Buffer.from('abc'),
    });
    expect(await client.nextMessage()).toMatchObject({
      session: { group: 5 },
      fromUserId: 3,
      text: undefined,
    });
    const unreadable = await client.nextMessage();
    expect(() => unreadable.text).toThrow('cannot be decrypted');
  });

  it('emits events', async () => {
    const [client, peer] = await loggedIn();
    const [read, status, pdu] = [once(client, 'read'), once(client, 'status'), once(client, 'pdu')];
    peer.send(Commands.MsgReadNotify, { userId: ME, sessionId: 5, msgId: 8, sessionType: 2 });
    peer.send(Commands.BuddyListStatusNotify, { userStat: { userId: 3, status: 2 } });
    expect(await read).toEqual([{ session: { group: 5 }, msgId: 8 }]);
    expect(await status).toMatchObject([{ userId: 3, status: 2 }]);
    expect(await pdu).toMatchObject([{ commandId: 0x0304, seqNum: 0 }]);
  });

  it('counts and ignores bodies that do not parse', async () => {
    server.storeTexts(3, 1);
    const [client, peer] = await loggedIn();
    peer.socket.write(encodeRawPdu(Commands.MsgData.id, Buffer.from('junk'), 0));
    peer.socket.write(encodeRawPdu(0x0f0f, Buffer.from('junk'), 0));
    server.deliver(peer, 3, 1);
    await client.nextMessage();
    expect(client.badPdus).toBe(1);
  });

  it('fetches messages from history that did not fit the queue', async () => {
    const ids = server.storeTexts(3, 250);
    const [client, peer] = await loggedIn({ maxQueued: 10 });
    for (const id of ids) server.deliver(peer, 3, id);
    const seen: number[] = [];
    for await (const message of client.messages()) if (seen.push(message.msgId) === 250) break;
    expect(seen).toEqual(ids);
    // Deliveries surface directly again.
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 251);
    expect((await client.nextMessage()).msgId).toBe(251);
  });

  it('queues nothing for iterators while there are only listeners', async () => {
    const ids = server.storeTexts(3, 30);
    const [client, peer] = await loggedIn({ maxQueued: 10 });
    const heard: number[] = [];
    client.on('message', (message) => heard.push(message.msgId));
    for (const id of ids.slice(0, 29)) server.deliver(peer, 3, id);
    await roundTrip(client, peer);
    expect(heard).toEqual(ids.slice(0, 29));
    const next = client.nextMessage();
    server.deliver(peer, 3, 30);
    expect((await next).msgId).toBe(30);
    expect(heard).toHaveLength(30);
  });
});

describe('the end of a client', () => {
  it('comes with a kick: reported with its reason, and final', async () => {
    const [client, peer] = await loggedIn({ reconnect: { firstMs: 1, maxMs: 1 } });
    const kicked = once(client, 'kicked');
    const waiting = client.nextMessage();
    peer.send(Commands.LoginKickUser, { userId: ME, kickReason: 1 });
    expect(await kicked).toMatchObject([{ code: 'kicked', reason: 1 }]);
    await expect(waiting).rejects.toMatchObject({ code: 'kicked', reason: 1 });
    await expect(client.send({ user: 3 }, 'x')).rejects.toMatchObject({ code: 'kicked' });
    await expect(client.connect()).rejects.toMatchObject({ code: 'kicked' });
    await once(peer.socket, 'close');
    expect(server.scripted.peers).toHaveLength(1);
  });

  it('comes with the connection when reconnecting is off', async () => {
    const [client, peer] = await loggedIn();
    const disconnected = once(client, 'disconnected');
    const messages = client.messages().next();
    peer.socket.end();
    expect(await disconnected).toMatchObject([{ error: { code: 'disconnected' }, reconnecting: false }]);
    await expect(messages).rejects.toMatchObject({ code: 'disconnected' });
    await expect(client.serverTime()).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('comes with bytes that are not the protocol', async () => {
    const [client, peer] = await loggedIn();
    const disconnected = once(client, 'disconnected');
    peer.socket.write(Buffer.alloc(16));
    expect(await disconnected).toMatchObject([{ error: { code: 'protocol' } }]);
  });

  it('comes when heartbeats are not answered', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    server.scripted.ignore(Commands.OtherHeartbeat);
    const [client, peer] = await loggedIn({ heartbeatMs: 1_000 });
    const disconnected = once(client, 'disconnected');
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => peer.count(Commands.OtherHeartbeat)).toBe(1);
    vi.advanceTimersByTime(1_000);
    const [lost] = await disconnected;
    expect(lost).toMatchObject({ error: { code: 'disconnected', message: expect.stringContaining('dead') } });
    expect(peer.count(Commands.OtherHeartbeat)).toBe(1);
  });

  it('does not come while heartbeats are answered', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const [client] = await loggedIn({ heartbeatMs: 1_000 });
    for (let beats = 0; beats < 4; beats++) {
      const answered = once(client, 'pdu');
      vi.advanceTimersByTime(1_000);
      const [{ commandId }] = await answered;
      expect(commandId).toBe(Commands.OtherHeartbeat.id);
    }
    expect(client.isOnline).toBe(true);
  });

  it('comes by close, also repeated and whatever is in progress', async () => {
    server.scripted.ignore(Commands.MsgData);
    const [client] = await loggedIn();
    const [sent, asked, iterated] = [
      client.send({ user: 3 }, 'x'),
      client.serverTime(),
      client.messages().next(),
    ].map((promise) => promise.catch((error: unknown) => error));
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(await sent).toMatchObject({ code: 'closed' });
    expect(await asked).toMatchObject({ code: 'closed' });
    expect(await iterated).toEqual({ done: true, value: undefined });

    const connecting = newClient();
    const failed = connecting.login({ name: 'u7' });
    await connecting.close();
    await expect(failed).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('raw writes', () => {
  it('write any bytes, also before login', async () => {
    server.scripted.ignore(Commands.OtherHeartbeat);
    const client = newClient();
    await client.connect();
    const peer = await server.scripted.nextPeer();
    await client.sendPdu(Commands.MsgTimeRequest, {}, 77);
    expect((await peer.next(Commands.MsgTimeRequest)).seqNum).toBe(77);
    const heartbeat = encodePdu(Commands.OtherHeartbeat, {}, 5);
    await client.writeBytes(heartbeat.subarray(0, 3));
    await client.writeBytes(heartbeat.subarray(3));
    expect((await peer.next(Commands.OtherHeartbeat)).seqNum).toBe(5);
    const disconnected = once(client, 'disconnected');
    peer.socket.end();
    expect(await disconnected).toMatchObject([{ reconnecting: false }]);
    // Not logged in yet, so nothing is lost: the client may connect again.
    await client.connect();
    expect(client.isConnected).toBe(true);
  });
});
