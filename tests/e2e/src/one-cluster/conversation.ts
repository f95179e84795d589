import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, MsgType } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { cluster } from './cluster.js';

const perSide = 1_000;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it('1,000 messages each way over two msg_servers: acked, delivered once, in order, numbered 1 to 2000', async () => {
  const ids = await cluster.addUsers(['left', 'right']);
  const left = await cluster.connect('left', { server: 0, client: { maxQueued: 10_000 } });
  const right = await cluster.connect('right', { server: 1, client: { maxQueued: 10_000 } });
  const got = { left: [] as number[], right: [] as number[] };
  left.on('message', (message) => got.left.push(message.msgId));
  right.on('message', (message) => got.right.push(message.msgId));

  const acks = await Promise.all(
    range(1, perSide).flatMap((i) => [
      left.send({ user: ids.right }, `left ${i}`),
      right.send({ user: ids.left }, `right ${i}`),
    ]),
  );
  await waitUntil(() => got.left.length + got.right.length >= 2 * perSide, { what: 'all delivered' });
  await cluster.settle();

  const ofLeft = acks.filter((_, i) => i % 2 === 0).map((ack) => ack.msgId);
  const ofRight = acks.filter((_, i) => i % 2 === 1).map((ack) => ack.msgId);
  expect([...ofLeft, ...ofRight].sort((a, b) => a - b)).toEqual(range(1, 2 * perSide));
  // Each side's own messages are acked in the order sent; the other gets exactly those, in order, once.
  expect(ofLeft).toEqual([...ofLeft].sort((a, b) => a - b));
  expect(got.right).toEqual(ofLeft);
  expect(got.left).toEqual(ofRight);

  const history = async (client: typeof left, peer: number) => {
    const all = [];
    for (let begin = 2 * perSide; begin > 0; begin -= 100)
      all.push(...(await client.history({ user: peer }, { begin })));
    return all.map(({ msgId, fromUserId, text }) => ({ msgId, fromUserId, text }));
  };
  const [seenLeft, seenRight] = [await history(left, ids.right), await history(right, ids.left)];
  expect(seenLeft).toEqual(seenRight);
  expect(seenLeft.map((message) => message.msgId)).toEqual(range(1, 2 * perSide).reverse());
  expect(
    seenLeft.filter((message) => message.fromUserId === ids.left).map((message) => message.text),
  ).toEqual(
    range(1, perSide)
      .map((i) => `left ${i}`)
      .reverse(),
  );

  const unread = async () =>
    (await right.unread()).sessions.map(({ sessionId, unreadCnt }) => [sessionId, unreadCnt]);
  expect(await unread()).toEqual([[ids.left, perSide]]);
  const middle = ofLeft[499] as number;
  await right.markRead({ user: ids.left }, middle);
  expect(await unread()).toEqual([[ids.left, 500]]);
  await right.markRead({ user: ids.left }, 4_000_000_000);
  expect(await right.unread()).toEqual({ total: 0, sessions: [] });
  expect((await left.unread()).total).toBe(perSide);
  await left.send({ user: ids.right }, 'one more');
  expect(await unread()).toEqual([[ids.left, 1]]);

  const [session] = await right.recentSessions();
  expect(session).toMatchObject({
    sessionId: ids.left,
    latestMsgId: 2 * perSide + 1,
    latestMsgFromUserId: ids.left,
    latestMsgType: MsgType.SINGLE_TEXT,
  });
  expect(await right.latestMessageId({ user: ids.left })).toBe(2 * perSide + 1);
  expect(
    (await right.messagesById({ user: ids.left }, [3, 1, 99_999])).map((message) => message.msgId).sort(),
  ).toEqual([1, 3]);
});

it('a user’s PC and mobile on two msg_servers are one: copies of what is sent, and what one reads the other knows', async () => {
  const ids = await cluster.addUsers(['owner', 'friend']);
  const pc = await cluster.connect('owner', { server: 0 });
  const mobile = await cluster.connect('owner', { server: 1, clientType: ClientType.ANDROID });
  const friend = await cluster.connect('friend', { server: 1 });

  await pc.send({ user: ids.friend }, 'from the PC');
  expect(await mobile.nextMessage()).toMatchObject({ text: 'from the PC', fromUserId: ids.owner });
  expect(await friend.nextMessage()).toMatchObject({ text: 'from the PC' });

  const read = new Promise((resolve) => mobile.once('read', (...about) => resolve(about)));
  await friend.send({ user: ids.owner }, 'answer');
  expect(
    (await Promise.all([pc.nextMessage(), mobile.nextMessage()])).map((message) => message.text),
  ).toEqual(['answer', 'answer']);
  await pc.markRead({ user: ids.friend }, 2);
  await read;
  expect((await mobile.unread()).total).toBe(0);
});

it('the first message of a pair makes a recent session for both, and attach_data makes it the same message', async () => {
  const ids = await cluster.addUsers(['first', 'second']);
  const first = await cluster.connect('first', { server: 0 });
  const second = await cluster.connect('second', { server: 1 });
  const one = await first.send({ user: ids.second }, 'hi', { key: 'my key' });
  const again = await first.send({ user: ids.second }, 'hi', { key: 'my key' });
  expect([one.msgId, again.msgId]).toEqual([1, 1]);
  for (const [client, peer] of [
    [first, ids.second],
    [second, ids.first],
  ] as const) {
    expect((await client.recentSessions()).map((session) => session.sessionId)).toEqual([peer]);
  }
  await cluster.settle();
  expect(await cluster.metric('msg_server', 1, 'messages_delivered_total')).toBeGreaterThan(0);
});

it('what the server starts by itself has seq_num 0, and no attach_data', async () => {
  const ids = await cluster.addUsers(['seq-a', 'seq-b']);
  const a = await cluster.connect('seq-a', { server: 0 });
  const b = await cluster.connect('seq-b', { server: 1 });
  const pushed: { seqNum: number; body: Buffer }[] = [];
  b.on('pdu', (pdu) => {
    if (pdu.commandId === Commands.MsgData.id)
      pushed.push({ seqNum: pdu.seqNum, body: Buffer.from(pdu.body) });
  });
  await a.send({ user: ids['seq-b'] }, 'x', { key: 'secret' });
  await waitUntil(() => pushed.length === 1, { what: 'the delivery' });
  expect(pushed[0]?.seqNum).toBe(0);
  const decoded = Commands.MsgData.type.decode(pushed[0]?.body as Buffer);
  expect(Object.hasOwn(decoded, 'attachData')).toBe(false);
});

it('a receiver who does not exist and a message to oneself get no ack and leave no trace', async () => {
  const ids = await cluster.addUsers(['lonely']);
  const lonely = await cluster.connect('lonely');
  await expect(lonely.send({ user: 999_999 }, 'x', { deadlineMs: 400 })).rejects.toThrow();
  await expect(lonely.send({ user: ids.lonely }, 'x', { deadlineMs: 400 })).rejects.toThrow();
  expect(await lonely.recentSessions()).toEqual([]);
  const reasons = await Promise.all(
    ['unknown-receiver', 'to-oneself'].map((reason) =>
      cluster.metric('msg_server', 0, 'messages_dropped_total', { reason }),
    ),
  );
  expect(reasons).toEqual([1, 1]);
});
