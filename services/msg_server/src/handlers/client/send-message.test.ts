import { waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, IM, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDbProxy } from '../../testing/fake-db-proxy.js';
import { TestServer } from '../../testing/test-server.js';

/** A promise and what resolves it. */
function backpressure(): { wait: Promise<void>; open: () => void } {
  let open = () => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

describe('sending a message', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { MAX_MESSAGE_BYTES: '1000' } });
    server.db.groups.set(50, [101, 102, 110]);
  });
  afterAll(() => server.stop());

  it('stores it for the logged-in user and answers 0x0302 with the request’s seq_num', async () => {
    const client = await server.logIn(101);
    const seqNum = await client.sendText(102, 'hello', { attachData: Buffer.from('key-1') });
    const ack = await client.receive(Commands.MsgDataAck);
    expect(ack).toMatchObject({ seqNum, userId: 101, sessionId: 102, msgId: 1, sessionType: 1 });
    expect(server.db.stored.at(-1)).toMatchObject({
      fromUserId: 101,
      toSessionId: 102,
      msgType: 1,
      originInstance: server.node,
    });
    expect(Buffer.from(server.db.stored.at(-1)!.msgData).toString()).toBe('hello');
  });

  it('answers a group message with the group’s session type', async () => {
    const client = await server.logIn(101);
    await client.sendText(50, 'all', { msgType: MsgType.GROUP_TEXT });
    expect(await client.receive(Commands.MsgDataAck)).toMatchObject({
      sessionId: 50,
      sessionType: 2,
      msgId: 1,
    });
  });

  it.each([
    ['empty', 102, '', MsgType.SINGLE_TEXT],
    ['empty', 102, '\0\0\0\u0001', MsgType.SINGLE_AUDIO],
    ['to-oneself', 103, 'me', MsgType.SINGLE_TEXT],
    ['wrong-type', 102, 'notice', MsgType.PUSH_NOTICE],
    ['too-large', 102, 'x'.repeat(1001), MsgType.SINGLE_TEXT],
    ['no-receiver', 0, 'x', MsgType.SINGLE_TEXT],
    ['unknown-receiver', 5000, 'x', MsgType.SINGLE_TEXT],
    ['not-a-member', 50, 'x', MsgType.GROUP_TEXT],
  ])('drops and counts what is %s (to %i), without an answer', async (reason, to, text, msgType) => {
    const client = await server.logIn(103);
    const before = await server.metric('messages_dropped_total', { reason });
    const stored = server.db.stored.length;
    await client.sendText(to, text, { msgType });
    await server.metricReaches('messages_dropped_total', { reason }, before + 1);
    await client.roundTrip();
    expect(client.pending).toEqual([]);
    expect(server.db.stored.length).toBe(stored);
  });

  it('does not wait for an ack before it takes the next message, and acks in order', async () => {
    const client = await server.logIn(104);
    const { wait, open } = backpressure();
    server.db.resultsWaitFor = wait;
    const sent = [];
    for (let i = 0; i < 10; i++) sent.push(await client.sendText(105, `message ${i}`));
    await waitUntil(() => server.db.stored.filter(({ fromUserId }) => fromUserId === 104).length === 10, {
      what: 'all are stored before one is acked',
    });
    server.db.resultsWaitFor = undefined;
    open();
    for (const [i, seqNum] of sent.entries()) {
      expect(await client.receive(Commands.MsgDataAck)).toMatchObject({ seqNum, msgId: i + 1 });
    }
  });

  it('lets a request wait for the messages before it, but not a heartbeat', async () => {
    const client = await server.logIn(106);
    const { wait, open } = backpressure();
    server.db.resultsWaitFor = wait;
    await client.sendText(107, 'first');
    const history = client.ask(
      Commands.MsgListRequest,
      { userId: 1, sessionType: 1, sessionId: 107, msgIdBegin: 0, msgCnt: 10 },
      Commands.MsgListResponse,
    );
    const seqNum = await client.sendText(107, 'second');
    await client.roundTrip();
    await waitUntil(() => server.db.stored.some(({ fromUserId }) => fromUserId === 106), { what: 'stored' });
    expect(client.pending).toEqual([]);
    server.db.resultsWaitFor = undefined;
    open();
    // The answer knows the message before it and not the one behind it.
    expect((await history).msgList.map(({ msgId }) => msgId)).toEqual([1]);
    await client.receive(Commands.MsgDataAck, (_, pdu) => pdu.seqNum === seqNum);
  });

  it('acks a resent message like the first one, and stores nothing twice', async () => {
    const client = await server.logIn(108);
    const pdu = encodePdu(
      Commands.MsgData,
      {
        fromUserId: 0,
        toSessionId: 109,
        msgId: 0,
        createTime: 0,
        msgType: MsgType.SINGLE_TEXT,
        msgData: Buffer.from('again'),
      },
      77,
    );
    const { wait, open } = backpressure();
    server.db.resultsWaitFor = wait;
    await client.raw.send(pdu);
    await client.raw.send(pdu);
    await server.metricReaches('messages_dropped_total', { reason: 'repetition' }, 1);
    server.db.resultsWaitFor = undefined;
    open();
    expect(await client.receive(Commands.MsgDataAck)).toMatchObject({ seqNum: 77, msgId: 1 });
    await client.raw.send(pdu);
    expect(await client.receive(Commands.MsgDataAck)).toMatchObject({ seqNum: 77, msgId: 1 });
    await client.roundTrip();
    expect(client.pending).toEqual([]);
    expect(server.db.stored.filter(({ fromUserId }) => fromUserId === 108)).toHaveLength(1);
  });

  it('retries a message in doubt under its first request id', async () => {
    const client = await server.logIn(112);
    const message = {
      fromUserId: 0,
      toSessionId: 113,
      msgId: 0,
      createTime: 0,
      msgType: MsgType.SINGLE_TEXT,
    };
    const pdu = encodePdu(Commands.MsgData, { ...message, msgData: Buffer.from('in doubt') }, 78);
    server.db.inDoubt = true;
    await client.raw.send(pdu);
    await server.metricReaches('messages_dropped_total', { reason: 'store-unavailable' }, 1);
    server.db.inDoubt = false;
    await client.raw.send(pdu);
    expect(await client.receive(Commands.MsgDataAck)).toMatchObject({ seqNum: 78, msgId: 1 });
    await client.raw.send(pdu);
    expect(await client.receive(Commands.MsgDataAck)).toMatchObject({ seqNum: 78, msgId: 1 });
    expect(server.db.stored.filter(({ fromUserId }) => fromUserId === 112)).toHaveLength(1);
  });

  it('continues with another db_proxy_server when the first one stops', async () => {
    const client = await server.logIn(110);
    const other = await FakeDbProxy.start(server.bus);
    try {
      await client.sendText(111, 'before');
      await client.receive(Commands.MsgDataAck);
      await server.db.stop();
      await client.sendText(111, 'after');
      await client.receive(Commands.MsgDataAck);
      expect(other.stored.some(({ msgData }) => Buffer.from(msgData).toString() === 'after')).toBe(true);
    } finally {
      await other.stop();
    }
  });
});

describe('a client that sends too fast', () => {
  it('is read more slowly, and every message is stored', async () => {
    const server = await TestServer.start({ env: { MESSAGE_RATE: '100', MESSAGE_BURST: '5' } });
    try {
      const client = await server.logIn(1);
      const start = performance.now();
      for (let i = 0; i < 60; i++) await client.sendText(2, `message ${i}`);
      for (let i = 0; i < 60; i++) {
        expect((await client.receive(Commands.MsgDataAck)).msgId).toBe(i + 1);
      }
      const seconds = (performance.now() - start) / 1000;
      expect(seconds).toBeGreaterThan(0.5);
      expect(await server.metric('connections_held_total', { reason: 'rate' })).toBeGreaterThan(0);
      expect(await server.metric('connections_held_total', { reason: 'queue-full' })).toBeGreaterThan(0);
    } finally {
      await server.stop();
    }
  });

  it('waits for results when too many of its messages are in flight', async () => {
    const server = await TestServer.start({ env: { MESSAGE_RATE: '0', MAX_IN_FLIGHT: '3' } });
    try {
      const client = await server.logIn(1, IM.BaseDefine.ClientType.CLIENT_TYPE_IOS);
      const { wait, open } = backpressure();
      server.db.resultsWaitFor = wait;
      for (let i = 0; i < 10; i++) await client.sendText(2, `message ${i}`);
      await client.roundTrip();
      await waitUntil(() => server.db.stored.length >= 3, { what: 'three are stored' });
      expect(server.db.stored.length).toBe(3);
      server.db.resultsWaitFor = undefined;
      open();
      for (let i = 0; i < 10; i++) expect((await client.receive(Commands.MsgDataAck)).msgId).toBe(i + 1);
    } finally {
      await server.stop();
    }
  });

  it('waits, like all others, while the store is overloaded', async () => {
    const server = await TestServer.start({ env: { MESSAGE_RATE: '0', MAX_APPENDS: '2' } });
    try {
      const clients = [await server.logIn(1), await server.logIn(2), await server.logIn(3)];
      const { wait, open } = backpressure();
      server.db.resultsWaitFor = wait;
      for (const client of clients) for (let i = 0; i < 3; i++) await client.sendText(9, `message ${i}`);
      for (const client of clients) await client.roundTrip();
      await waitUntil(() => server.db.stored.length >= 2, { what: 'two are stored' });
      expect(server.db.stored.length).toBe(2);
      server.db.resultsWaitFor = undefined;
      open();
      for (const client of clients) {
        for (let i = 0; i < 3; i++) expect((await client.receive(Commands.MsgDataAck)).msgId).toBe(i + 1);
      }
    } finally {
      await server.stop();
    }
  });
});
