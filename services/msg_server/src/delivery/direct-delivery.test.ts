import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

describe('messages that come over the append stream', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
    await waitUntil(() => server.db.takesDeliveries, { what: 'the stream' });
  });
  afterAll(() => server.stop());

  const confirmed = () => server.db.confirmed.flat();

  it('are written to every connection of both sides but the one that sent, and confirmed', async () => {
    const sender = await server.logIn(301, CLIENT_TYPE_WINDOWS);
    const sendersMobile = await server.logIn(301, CLIENT_TYPE_ANDROID);
    const receiver = await server.logIn(302);
    let number = 0;
    server.db.onStored = (message) => {
      number = server.db.deliver(server.node, message);
    };
    await sender.sendText(302, 'hi');
    await sender.receive(Commands.MsgDataAck);
    for (const client of [sendersMobile, receiver]) {
      expect(await client.receive(Commands.MsgData)).toMatchObject({ fromUserId: 301, msgId: 1 });
    }
    server.db.onStored = () => {};
    await sender.roundTrip();
    expect(sender.messageIds).toEqual([]);
    await waitUntil(() => confirmed().includes(number), { what: 'the confirmation' });
  });

  it('are confirmed together, by the next frame or on their own', async () => {
    const client = await server.logIn(303);
    const batches = ['a', 'b', 'c'].map((text) => server.store(900, 303, text));
    const numbers = batches.map((message) => server.db.deliver(server.node, message));
    await waitUntil(() => numbers.every((number) => confirmed().includes(number)), { what: 'all' });
    expect(server.db.confirmed.length).toBeLessThan(confirmed().length);
    expect(new Set(confirmed()).size, 'each once').toBe(confirmed().length);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 2, 3]);
  });

  it('are delivered once when they come by a route_server too, in either order', async () => {
    const client = await server.logIn(304);
    const [a, b, c] = ['a', 'b', 'c'].map((text) => server.store(900, 304, text));
    const first = server.db.deliver(server.node, a!, b!);
    await waitUntil(() => confirmed().includes(first), { what: 'delivered directly' });
    await server.route.deliver(server.node, a!, b!, c!);
    const last = server.db.deliver(server.node, c!, b!);
    await waitUntil(() => confirmed().includes(last), { what: 'delivered directly' });
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 2, 3]);
  });

  it('are not confirmed when they are of an earlier store epoch, whichever way the later one came', async () => {
    const client = await server.logIn(305);
    const [a, b] = ['a', 'b'].map((text) => server.store(900, 305, text));
    server.route.storeEpoch = 2;
    await server.route.deliver(server.node, a!);
    server.db.storeEpoch = 1;
    const old = server.db.deliver(server.node, b!);
    server.db.storeEpoch = 2;
    const present = server.db.deliver(server.node, server.store(901, 305, 'c'));
    await waitUntil(() => confirmed().includes(present), { what: 'those of the present epoch' });
    expect(confirmed()).not.toContain(old);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 1]);
    server.db.storeEpoch = 0;
    server.route.storeEpoch = 0;
  });

  it('are confirmed when nobody of theirs is there any more', async () => {
    const number = server.db.deliver(server.node, server.store(900, 399, 'a'));
    await waitUntil(() => confirmed().includes(number), { what: 'the confirmation' });
  });
});
