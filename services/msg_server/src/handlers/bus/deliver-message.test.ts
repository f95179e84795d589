import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM, MsgType } from '@teamtalk/protocol';
import { readMetrics, receivedNow, sumOf } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

describe('delivering messages', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('writes the stored bytes to every connection of sender and receiver but the one that sent', async () => {
    const sender = await server.logIn(201, CLIENT_TYPE_WINDOWS);
    const sendersMobile = await server.logIn(201, CLIENT_TYPE_ANDROID);
    const receiver = await server.logIn(202, CLIENT_TYPE_WINDOWS);
    server.db.onStored = (message) => void server.route.deliver(server.node, message);
    await sender.sendText(202, 'hi', { attachData: Buffer.from('k') });
    await sender.receive(Commands.MsgDataAck);
    for (const client of [sendersMobile, receiver]) {
      const message = await client.receive(Commands.MsgData);
      expect(message).toMatchObject({ seqNum: 0, fromUserId: 201, toSessionId: 202, msgId: 1 });
      expect(Object.hasOwn(message, 'attachData')).toBe(false);
    }
    await sender.roundTrip();
    expect(sender.messageIds).toEqual([]);
    server.db.onStored = () => {};
  });

  it('measures latency from the sender’s PDU to the receiver’s socket per connection, also for buffered messages', async () => {
    const measured = async (what: string) => {
      const text = await server.service.metrics.registry.metrics();
      return sumOf(readMetrics(text), `teamtalk_msg_server_delivery_seconds_${what}`, {});
    };
    const before = { count: await measured('count'), sum: await measured('sum') };
    const clients = [
      await server.logIn(211, CLIENT_TYPE_WINDOWS),
      await server.logIn(211, CLIENT_TYPE_ANDROID),
    ];
    const [a, b, c] = ['a', 'b', 'c'].map((text) => server.store(900, 211, text));
    const receivedAt = receivedNow() - 2_000;
    await server.route.deliver(server.node, { ...a!, receivedAt });
    await server.route.deliver(server.node, { ...c!, receivedAt });
    expect(await measured('count')).toBe(before.count + 2);
    // Nobody knows since when this one is in flight; what waited for it comes with it.
    await server.route.deliver(server.node, b!);
    for (const client of clients) {
      await client.roundTrip();
      expect(client.messageIds).toEqual([1, 2, 3]);
    }
    expect(await measured('count')).toBe(before.count + 4);
    expect((await measured('sum')) - before.sum).toBeGreaterThanOrEqual(8);
  });

  it('delivers a message once, however often it arrives', async () => {
    const client = await server.logIn(203);
    const [a, b] = [server.store(900, 203, 'a'), server.store(900, 203, 'b')];
    await server.route.deliver(server.node, a, b);
    await server.route.deliver(server.node, a, b);
    await server.route.deliver(server.node, b);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 2]);
  });

  it('delivers a message once to a user with many conversations', async () => {
    const client = await server.logIn(216);
    const first = server.store(900, 216, 'a');
    const others = Array.from({ length: 700 }, (_, i) => server.store(i < 200 ? i + 1 : i + 100, 216, 'b'));
    await server.route.deliver(server.node, first);
    await server.route.deliver(server.node, ...others);
    await server.route.deliver(server.node, first, ...others);
    await client.roundTrip();
    expect(client.messageIds).toHaveLength(1 + others.length);
  });

  it('reorders messages that arrive out of order, without a fetch', async () => {
    const client = await server.logIn(204);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => server.store(900, 204, text));
    const asked = server.db.rangesAsked.length;
    await server.route.deliver(server.node, a!);
    await server.route.deliver(server.node, d!, c!);
    await server.route.deliver(server.node, b!);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 2, 3, 4]);
    await server.metricReaches('delivery_gaps_total', { outcome: 'late' }, 1);
    expect(server.db.rangesAsked.length).toBe(asked);
  });

  it('fetches missing messages once for all users who miss them', async () => {
    const [one, two] = [await server.logIn(205), await server.logIn(206)];
    server.db.groups.set(60, [205, 206]);
    const stored = Array.from({ length: 5 }, (_, i) => server.store(900, 60, `${i}`, MsgType.GROUP_TEXT));
    await server.route.deliver(server.node, stored[0]!);
    const asked = server.db.rangesAsked.length;
    await server.route.deliver(server.node, stored[4]!);
    for (const client of [one, two]) {
      await waitUntil(() => client.messageIds.length === 5, { what: 'the missing ones' });
      expect(client.messageIds).toEqual([1, 2, 3, 4, 5]);
    }
    expect(server.db.rangesAsked.slice(asked)).toEqual([{ first: 2, last: 5 }]);
    await server.route.deliver(server.node, ...stored);
    await one.roundTrip();
    expect(one.messageIds).toHaveLength(5);
  });

  it('does not deliver a fetched message to the connection that sent it', async () => {
    const sender = await server.logIn(207, CLIENT_TYPE_WINDOWS);
    const mobile = await server.logIn(207, CLIENT_TYPE_ANDROID);
    for (let i = 0; i < 3; i++) {
      await sender.sendText(208, `${i}`);
      await sender.receive(Commands.MsgDataAck);
    }
    const [first, , third] = server.db.stored.filter(({ fromUserId }) => fromUserId === 207);
    await server.route.deliver(server.node, first!);
    await server.route.deliver(server.node, third!);
    await waitUntil(() => mobile.messageIds.length === 3, { what: 'the missing one' });
    expect(mobile.messageIds).toEqual([1, 2, 3]);
    await sender.roundTrip();
    expect(sender.messageIds).toEqual([]);
  });

  it('skips a message that is not in the store after a timeout', async () => {
    const client = await server.logIn(209);
    const [a, , c] = ['a', 'b', 'c'].map((text) => server.store(900, 209, text));
    server.db.stored.splice(-2);
    await server.route.deliver(server.node, a!);
    await server.route.deliver(server.node, c!);
    await waitUntil(() => client.messageIds.length === 2, { what: 'the message behind the gap' });
    expect(client.messageIds).toEqual([1, 3]);
    expect(await server.metric('delivery_gaps_total', { outcome: 'given-up' })).toBe(1);
  });

  it('waits for a missing message while the store does not respond', async () => {
    const client = await server.logIn(215);
    const [a, b, c] = ['a', 'b', 'c'].map((text) => server.store(900, 215, text));
    const givenUp = await server.metric('delivery_gaps_total', { outcome: 'given-up' });
    const asked = server.db.rangesAsked.length;
    server.db.rangesFail = true;
    await server.route.deliver(server.node, a!);
    await server.route.deliver(server.node, c!);
    // They come at most four a second: for longer than it is waited for what the store does not have.
    const inVain = () => server.db.rangesAsked.length - asked;
    await waitUntil(() => inVain() >= 20 || client.messageIds.length > 1, {
      what: 'questions in vain',
      timeoutMs: 25_000,
    });
    server.db.rangesFail = false;
    expect(client.messageIds).toEqual([1]);
    await server.route.deliver(server.node, b!);
    await waitUntil(() => client.messageIds.length === 3, { what: 'all of them' });
    expect(client.messageIds).toEqual([1, 2, 3]);
    expect(await server.metric('delivery_gaps_total', { outcome: 'given-up' })).toBe(givenUp);
  });

  it('delivers nothing from before the first message, which was delivered before the login', async () => {
    const client = await server.logIn(210);
    const [a, b, c] = ['a', 'b', 'c'].map((text) => server.store(900, 210, text));
    await server.route.deliver(server.node, b!);
    await server.route.deliver(server.node, a!);
    await server.route.deliver(server.node, c!);
    await client.roundTrip();
    expect(client.messageIds).toEqual([2, 3]);
  });

  it('begins with messages that the first one has overtaken, in order', async () => {
    const client = await server.logIn(212);
    const [, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => server.store(900, 212, text));
    await server.route.deliver(server.node, { ...d!, openFrom: 2 });
    await server.route.deliver(server.node, { ...c!, openFrom: 2 });
    await client.roundTrip();
    expect(client.messageIds).toEqual([]);
    await server.route.deliver(server.node, b!);
    await waitUntil(() => client.messageIds.length === 3, { what: 'all of them' });
    expect(client.messageIds).toEqual([2, 3, 4]);
  });

  it('fetches messages that the first one has overtaken when they do not arrive', async () => {
    const client = await server.logIn(213);
    const [, , c] = ['a', 'b', 'c'].map((text) => server.store(900, 213, text));
    await server.route.deliver(server.node, { ...c!, openFrom: 2 });
    await waitUntil(() => client.messageIds.length === 2, { what: 'the overtaken one' });
    expect(client.messageIds).toEqual([2, 3]);
  });

  it('fetches thousands of overtaken messages in order', async () => {
    const client = await server.logIn(214);
    const all = Array.from({ length: 3_000 }, (_, i) => server.store(900, 214, `${i}`));
    await server.route.deliver(server.node, { ...all.at(-1)!, openFrom: 1 });
    await waitUntil(() => client.messageIds.length === all.length, {
      timeoutMs: 20_000,
      what: 'all of them',
    });
    expect(client.messageIds).toEqual(all.map(({ msgId }) => msgId));
  });

  it('counts no gaps for conversations that are new to the user', async () => {
    const client = await server.logIn(211);
    for (let i = 0; i < 7; i++) server.store(901, 211, 'earlier');
    await server.route.deliver(server.node, server.store(901, 211, 'now'), server.store(902, 211, 'other'));
    await client.roundTrip();
    expect(client.messageIds).toEqual([8, 1]);
  });
});

describe('other events of route_servers', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('writes a notification to the connections of one class, except one', async () => {
    const pc = await server.logIn(1, CLIENT_TYPE_WINDOWS);
    const mobile = await server.logIn(1, CLIENT_TYPE_ANDROID);
    const pcConnection = server.route.changes.find(({ clientType }) => clientType === CLIENT_TYPE_WINDOWS)!;
    const pdu = Buffer.from(server.store(5, 1, 'any pdu').pdu);
    const send = (more: object) =>
      server.route.send(server.node, { notify: { userIds: [1, 99], pdu, ...more } });
    send({});
    send({ clientClass: 1 });
    send({ clientClass: 2 });
    send({ exceptInstance: server.node, exceptConnection: pcConnection.connectionId });
    send({ exceptInstance: server.node + 1, exceptConnection: pcConnection.connectionId });
    await waitUntil(() => pc.messageIds.length === 3 && mobile.messageIds.length === 4, { what: 'notifies' });
  });

  it('notifies PC clients, but no mobile ones, of status changes', async () => {
    const pc = await server.logIn(2, CLIENT_TYPE_WINDOWS);
    const mobile = await server.logIn(2, CLIENT_TYPE_ANDROID);
    server.route.send(server.node, {
      status: {
        changes: [
          { userId: 7, status: 1 },
          { userId: 8, status: 2 },
        ],
      },
    });
    expect((await pc.receive(Commands.BuddyListStatusNotify)).userStat).toMatchObject({
      userId: 7,
      status: 1,
    });
    expect(await pc.receive(Commands.BuddyListStatusNotify)).toMatchObject({
      seqNum: 0,
      userStat: { userId: 8, status: 2 },
    });
    await mobile.roundTrip();
    expect(mobile.pending).toEqual([]);
  });

  it('notifies the user’s other connections of a read position through a route_server', async () => {
    const client = await server.logIn(3, CLIENT_TYPE_WINDOWS);
    await client.send(Commands.MsgReadAck, { userId: 999, sessionId: 4, msgId: 5, sessionType: 1 });
    // Naming oneself as the session means nothing, whoever is said to have read.
    await client.send(Commands.MsgReadAck, { userId: 6, sessionId: 3, msgId: 7, sessionType: 1 });
    await client.send(Commands.MsgReadAck, { userId: 3, sessionId: 6, msgId: 8, sessionType: 1 });
    await waitUntil(() => server.route.notifies.length === 2, { what: 'two notifies' });
    expect(server.db.reads).toMatchObject([
      { userId: 3, sessionId: 4, msgId: 5, sessionType: 1 },
      { userId: 3, sessionId: 6, msgId: 8, sessionType: 1 },
    ]);
    const own = server.route.changes.find(({ userId }) => userId === 3)!;
    expect(server.route.notifies[0]).toMatchObject({
      userIds: [3],
      exceptInstance: server.node,
      exceptConnection: own.connectionId,
    });
  });
});

describe('presence broadcast `queried`', () => {
  it('notifies a PC client only of users it asked for', async () => {
    const server = await TestServer.start({ env: { PRESENCE_BROADCAST: 'queried' } });
    try {
      const [asking, other] = [await server.logIn(1), await server.logIn(2)];
      await asking.ask(
        Commands.BuddyListUsersStatusRequest,
        { userId: 0, userIdList: [7] },
        Commands.BuddyListUsersStatusResponse,
      );
      server.route.send(server.node, {
        status: {
          changes: [
            { userId: 8, status: 1 },
            { userId: 7, status: 1 },
          ],
        },
      });
      expect((await asking.receive(Commands.BuddyListStatusNotify)).userStat.userId).toBe(7);
      await asking.roundTrip();
      await other.roundTrip();
      expect([...asking.pending, ...other.pending]).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
