import { once } from 'node:events';
import { Commands } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeamTalkClient } from './client.js';
import type { ClientOptions } from './options.js';
import { codec, ME, MiniMsgServer } from './testing/mini-msg-server.js';
import { type Peer, roundTrip } from './testing/scripted-server.js';

let server: MiniMsgServer;
let client: TeamTalkClient;

async function loggedIn(options: Partial<ClientOptions> = {}): Promise<Peer> {
  client = new TeamTalkClient({
    ...server.scripted.address,
    reconnect: { firstMs: 2, maxMs: 20 },
    deadlineMs: 4_000,
    ...options,
  });
  await client.login({ name: 'u7', password: '123456' });
  return server.scripted.nextPeer();
}

/** Breaks the connection; returns the next one, logged in. */
async function reconnected(peer: Peer): Promise<Peer> {
  const back = once(client, 'reconnected');
  peer.reset();
  await back;
  return server.scripted.nextPeer();
}

async function nextIds(count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) ids.push((await client.nextMessage()).msgId);
  return ids;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

beforeEach(async () => {
  server = await MiniMsgServer.start();
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

describe('a broken connection', () => {
  it('is reported, and the client logs in again', async () => {
    const peer = await loggedIn();
    const disconnected = once(client, 'disconnected');
    await reconnected(peer);
    expect(await disconnected).toMatchObject([{ error: { code: 'disconnected' }, reconnecting: true }]);
    expect(client.isOnline).toBe(true);
  });

  it('is retried until it works, also after temporary refusals', async () => {
    const peer = await loggedIn();
    const codes = [2, 3, 5];
    const accept = server.scripted.responder(Commands.LoginReqUserlogin);
    server.scripted.respond(Commands.LoginReqUserlogin, (each, message, seqNum) => {
      const resultCode = codes.shift();
      if (resultCode === undefined) accept(each, message, seqNum);
      else each.send(Commands.LoginResUserlogin, { serverTime: 1, resultCode }, seqNum);
    });
    await reconnected(peer);
    expect(server.scripted.peers).toHaveLength(5);
  });

  it('ends the client when the login is no longer valid', async () => {
    const peer = await loggedIn();
    server.scripted.respond(Commands.LoginReqUserlogin, (each, _, seqNum) => {
      each.send(Commands.LoginResUserlogin, { serverTime: 1, resultCode: 6, resultString: 'wrong' }, seqNum);
    });
    const events: unknown[] = [];
    client.on('disconnected', ({ error, reconnecting }) => events.push([error.code, reconnecting]));
    const waiting = client.nextMessage();
    peer.reset();
    await expect(waiting).rejects.toMatchObject({ code: 'login-refused', resultCode: 6 });
    expect(events).toEqual([
      ['disconnected', true],
      ['login-refused', false],
    ]);
  });

  it('is not re-established after close', async () => {
    const peer = await loggedIn();
    const disconnected = once(client, 'disconnected');
    peer.reset();
    await disconnected;
    await client.close();
    await expect(client.send({ user: 3 }, 'x')).rejects.toMatchObject({ code: 'closed' });
    expect(server.scripted.peers).toHaveLength(1);
  });
});

describe('messages without an ack', () => {
  it('are sent again in order under keys of their own, and stored once', async () => {
    server.scripted.ignore(Commands.MsgData);
    const peer = await loggedIn();
    const sent = ['a', 'b', 'c', 'd'].map((text) => client.send({ user: 3 }, text));
    // The server stores two messages, but no ack gets through.
    for (let i = 0; i < 2; i++) server.storeSent((await peer.next(Commands.MsgData)).message);
    server.acknowledging();
    await reconnected(peer);
    const acks = await Promise.all(sent);
    expect(acks.map(({ msgId }) => msgId)).toEqual([1, 2, 3, 4]);
    expect(server.log(3).map((info) => codec.decrypt(info.msgData))).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(acks.map(({ key }) => Buffer.from(key!).toString('hex'))).size).toBe(4);
  });

  it('wait for the connection while it is down', async () => {
    const peer = await loggedIn();
    const disconnected = once(client, 'disconnected');
    peer.reset();
    await disconnected;
    await expect(client.serverTime()).rejects.toMatchObject({ code: 'disconnected' });
    expect((await client.send({ user: 3 }, 'later')).msgId).toBe(1);
  });

  it('keep their deadline', async () => {
    const peer = await loggedIn({ reconnect: { firstMs: 60_000, maxMs: 60_000 } });
    peer.reset();
    await once(client, 'disconnected');
    await expect(client.send({ user: 3 }, 'x', { deadlineMs: 20 })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });

  it('are not surfaced to their sender from history before their ack', async () => {
    server.scripted.ignore(Commands.MsgData);
    const peer = await loggedIn();
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 1);
    expect(await nextIds(1)).toEqual([1]);
    const sent = client.send({ user: 3 }, 'mine');
    server.storeSent((await peer.next(Commands.MsgData)).message);
    server.store(3, ME, codec.encrypt('from my phone'));
    server.storeTexts(3, 1);
    const answer = server.scripted.responder(Commands.MsgListRequest);
    const shown = new Promise<void>((resolve) => {
      server.scripted.respond(Commands.MsgListRequest, (each, message, seqNum) => {
        answer(each, message, seqNum);
        resolve();
      });
    });
    const back = await reconnected(peer);
    await shown;
    await roundTrip(client, back);
    const again = await back.next(Commands.MsgData);
    server.acknowledge(back, again.message, again.seqNum);
    expect((await sent).msgId).toBe(2);
    expect(await nextIds(2)).toEqual([3, 4]);
  });

  it('are not surfaced to their sender when a first attempt is stored late', async () => {
    server.scripted.ignore(Commands.MsgData);
    const peer = await loggedIn();
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 1);
    await nextIds(1);
    const sent = client.send({ user: 3 }, 'mine');
    await peer.next(Commands.MsgData);
    server.storeTexts(3, 1);
    const back = await reconnected(peer);
    const again = await back.next(Commands.MsgData);
    expect(await nextIds(1)).toEqual([2]);
    server.storeSent(again.message);
    server.deliver(back, 3, 3);
    await roundTrip(client, back);
    server.acknowledge(back, again.message, again.seqNum);
    expect((await sent).msgId).toBe(3);
    server.storeTexts(3, 1);
    server.deliver(back, 3, 4);
    expect(await nextIds(1)).toEqual([4]);
  });

  it('do not hide messages missed while they are pending', async () => {
    server.scripted.ignore(Commands.MsgData);
    const peer = await loggedIn();
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 1);
    await nextIds(1);
    const sent = client.send({ user: 3 }, 'mine');
    server.storeSent((await peer.next(Commands.MsgData)).message);
    const shown = new Promise<void>((resolve) => {
      const answer = server.scripted.responder(Commands.MsgListRequest);
      server.scripted.respond(Commands.MsgListRequest, (each, message, seqNum) => {
        answer(each, message, seqNum);
        resolve();
      });
    });
    const second = await reconnected(peer);
    await second.next(Commands.MsgData);
    // The client has seen message 2 in history and waits for an ack to learn which connection sent it.
    await shown;
    await roundTrip(client, second);
    server.storeTexts(3, 1);
    server.scripted.respond(Commands.MsgUnreadCntRequest, (each, _, seqNum) => {
      each.send(Commands.MsgUnreadCntResponse, { userId: ME, totalCnt: 0 }, seqNum);
    });
    const third = await reconnected(second);
    const again = await third.next(Commands.MsgData);
    server.acknowledge(third, again.message, again.seqNum);
    expect((await sent).msgId).toBe(2);
    expect(await nextIds(1)).toEqual([3]);
  });
});

describe('messages missed meanwhile', () => {
  it('surface in order and once, before later deliveries', async () => {
    const peer = await loggedIn();
    server.storeTexts(3, 3);
    server.deliver(peer, 3, 1);
    // 350 messages are more than three pages; the new connection delivers the last two as well.
    server.storeTexts(3, 349);
    const back = await reconnected(peer);
    server.deliver(back, 3, 351);
    server.deliver(back, 3, 352);
    expect(await nextIds(352)).toEqual(range(1, 352));
    server.storeTexts(3, 1);
    server.deliver(back, 3, 353);
    expect(await nextIds(1)).toEqual([353]);
  });

  it('surface in sessions the client did not know, from its login onwards', async () => {
    server.storeTexts(3, 120, 1_600_000_000);
    server.storeTexts(4, 2, 1_600_000_000);
    const peer = await loggedIn();
    server.storeTexts(3, 130);
    server.storeTexts(5, 2);
    await reconnected(peer);
    const seen = new Map<number, number[]>();
    for (let i = 0; i < 132; i++) {
      const { fromUserId, msgId } = await client.nextMessage();
      seen.set(fromUserId, [...(seen.get(fromUserId) ?? []), msgId]);
    }
    expect(seen).toEqual(
      new Map([
        [3, range(121, 250)],
        [5, [1, 2]],
      ]),
    );
  });

  it('surface although the first request for them fails', async () => {
    const peer = await loggedIn({ deadlineMs: 1_000 });
    server.storeTexts(3, 5);
    server.deliver(peer, 3, 1);
    await nextIds(1);
    const answer = server.scripted.responder(Commands.MsgListRequest);
    let asked = 0;
    server.scripted.respond(Commands.MsgListRequest, (each, message, seqNum) => {
      if (++asked > 1) answer(each, message, seqNum);
    });
    const back = await reconnected(peer);
    server.deliver(back, 3, 5);
    const ids: number[] = [];
    for await (const message of client.messages()) if (ids.push(message.msgId) === 4) break;
    expect(ids).toEqual([2, 3, 4, 5]);
    expect(asked).toBe(2);
  });

  it('surface once although the connection breaks repeatedly', async () => {
    let peer = await loggedIn({ maxQueued: 25 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const message of client.messages()) if (seen.push(message.msgId) === 600) return;
    })();
    for (let round = 0; round < 6; round++) {
      const ids = server.storeTexts(3, 100);
      for (const id of ids.slice(0, 40)) server.deliver(peer, 3, id);
      peer = await reconnected(peer);
      for (const id of ids.slice(80)) server.deliver(peer, 3, id);
    }
    await reading;
    expect(seen).toEqual(range(1, 600));
  });

  it('are not waited for when history does not show them', async () => {
    const peer = await loggedIn();
    server.storeTexts(3, 1);
    server.deliver(peer, 3, 1);
    await nextIds(1);
    // Messages 2 to 230 are hidden, as for a user who left a group and came back.
    server.storeTexts(3, 239);
    const answer = server.scripted.responder(Commands.MsgListRequest);
    server.scripted.respond(Commands.MsgListRequest, (each, message, seqNum) => {
      if (message.msgIdBegin >= 231)
        answer(each, { ...message, msgCnt: Math.min(message.msgCnt, 10) }, seqNum);
      else {
        const { sessionId, sessionType, msgIdBegin } = message;
        each.send(Commands.MsgListResponse, { userId: ME, sessionId, sessionType, msgIdBegin }, seqNum);
      }
    });
    await reconnected(peer);
    expect(await nextIds(10)).toEqual(range(231, 240));
  });
});
