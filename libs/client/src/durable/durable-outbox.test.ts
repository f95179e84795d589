import { once } from 'node:events';
import { Commands } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeamTalkClient } from '../client.js';
import { codec, MiniMsgServer } from '../testing/mini-msg-server.js';
import { DurableOutbox } from './durable-outbox.js';
import { MemoryStorage, type OutboxStorage } from './storage.js';

let server: MiniMsgServer;
let storage: OutboxStorage;
const clients: TeamTalkClient[] = [];

beforeEach(async () => {
  server = await MiniMsgServer.start();
  storage = new MemoryStorage();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.stop();
});

function newClient(deadlineMs = 4_000): TeamTalkClient {
  const client = new TeamTalkClient({
    ...server.scripted.address,
    reconnect: { firstMs: 2, maxMs: 20 },
    deadlineMs,
  });
  clients.push(client);
  return client;
}

const logIn = (client: TeamTalkClient) => client.login({ name: 'u7', password: '123456' });
const textsTo = (user: number) => server.log(user).map(({ msgData }) => codec.decrypt(msgData));

async function sent(outbox: DurableOutbox, count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) {
    const [{ msgId }] = await once(outbox, 'sent');
    ids.push(msgId);
  }
  return ids;
}

describe('an outbox', () => {
  it('sends what it was given before the login, in order, and forgets it', async () => {
    const client = newClient();
    const outbox = await DurableOutbox.open(client, storage);
    const done = sent(outbox, 3);
    for (const text of ['one', 'two', 'three']) await outbox.send({ user: 3 }, text);
    expect(outbox.size).toBe(3);
    await logIn(client);
    expect(await done).toEqual([1, 2, 3]);
    expect(textsTo(3)).toEqual(['one', 'two', 'three']);
    expect([outbox.size, await storage.load()]).toEqual([0, []]);
  });

  it('stores a message only once if the process died before its ack', async () => {
    server.scripted.respond(Commands.MsgData, (_, message) => void server.storeSent(message));
    const first = newClient();
    await logIn(first);
    const outbox = await DurableOutbox.open(first, storage);
    const peer = await server.scripted.nextPeer();
    const key = await outbox.send({ user: 3 }, 'once');
    await expect.poll(() => server.log(3).length).toBe(1);
    outbox.stop();
    await first.close();
    expect(peer.count(Commands.MsgData)).toBe(0);

    server.acknowledging();
    const second = newClient();
    await logIn(second);
    const again = await DurableOutbox.open(second, storage);
    const [told] = await once(again, 'sent');
    expect(told).toEqual({ key, session: { user: 3 }, msgId: 1 });
    expect(textsTo(3)).toEqual(['once']);
  });

  it('retries under the same key when there is no response', async () => {
    let attempts = 0;
    server.scripted.respond(Commands.MsgData, (peer, message, seqNum) => {
      if (++attempts < 3) server.storeSent(message);
      else server.acknowledge(peer, message, seqNum);
    });
    const client = newClient(500);
    await logIn(client);
    const outbox = await DurableOutbox.open(client, storage);
    await outbox.send({ user: 3 }, 'third time lucky');
    await sent(outbox, 1);
    expect(attempts).toBe(3);
    expect(textsTo(3)).toEqual(['third time lucky']);
  });

  it('does not let a conversation without responses delay another', async () => {
    server.scripted.respond(Commands.MsgData, (peer, message, seqNum) => {
      if (message.toSessionId !== 3) server.acknowledge(peer, message, seqNum);
    });
    const client = newClient();
    await logIn(client);
    const outbox = await DurableOutbox.open(client, storage);
    await outbox.send({ user: 3 }, 'waits');
    const done = sent(outbox, 1);
    await outbox.send({ user: 4 }, 'passes');
    await done;
    expect(textsTo(4)).toEqual(['passes']);
    expect(outbox.size).toBe(1);
  });

  it('gives up a message to an unknown receiver, and reports it', async () => {
    server.scripted.ignore(Commands.MsgData);
    server.scripted.respond(Commands.BuddyListUserInfoRequest, (peer, { userId }, seqNum) => {
      peer.send(Commands.BuddyListUserInfoResponse, { userId, userInfoList: [] }, seqNum);
    });
    const client = newClient(1_000);
    await logIn(client);
    const outbox = await DurableOutbox.open(client, storage);
    const key = await outbox.send({ user: 9 }, 'nobody');
    const [refused] = await once(outbox, 'refused');
    expect(refused).toMatchObject({ key, session: { user: 9 }, error: { code: 'unknown-receiver' } });
    expect([outbox.size, await storage.load()]).toEqual([0, []]);
  });

  it('accepts no more than its limit, and nothing once it is stopped', async () => {
    const outbox = await DurableOutbox.open(newClient(), storage, { maxMessages: 1 });
    await outbox.send({ user: 3 }, 'one');
    await expect(outbox.send({ user: 3 }, 'two')).rejects.toMatchObject({ code: 'too-many-in-flight' });
    outbox.stop();
    await expect(outbox.send({ user: 3 }, 'three')).rejects.toMatchObject({ code: 'closed' });
    expect(await storage.load()).toHaveLength(1);
  });

  it('does not send a message that could not be stored', async () => {
    storage.put = () => Promise.reject(new Error('the disk is full'));
    const client = newClient();
    await logIn(client);
    const outbox = await DurableOutbox.open(client, storage);
    await expect(outbox.send({ user: 3 }, 'lost')).rejects.toThrow('the disk is full');
    expect([outbox.size, server.log(3).length]).toEqual([0, 0]);
  });

  it('reports when a sent message cannot be removed', async () => {
    storage.remove = () => Promise.reject(new Error('the disk is gone'));
    const client = newClient();
    await logIn(client);
    const outbox = await DurableOutbox.open(client, storage);
    const failed = once(outbox, 'storageFailed');
    await outbox.send({ user: 3 }, 'sent');
    expect((await failed)[0]).toMatchObject({ message: 'the disk is gone' });
  });
});
