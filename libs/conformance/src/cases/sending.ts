import { randomBytes, randomUUID } from 'node:crypto';
import { Commands as C, MsgType } from '@teamtalk/protocol';
import { type Case, exchange, pdu, push, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

/** An unused id. */
const nobody = 0x7fff_0000;
const audio = () => Buffer.concat([Buffer.of(0, 0, 0, 7), randomBytes(3_000)]);

/** A dropped message: neither sender nor receiver gets a PDU, and no msg_id is used. */
function dropped(
  what: string,
  change: (world: World) => Partial<ReturnType<World['text']>>,
  { proves = [], onOriginal = [] }: Partial<Pick<Case, 'proves' | 'onOriginal'>> = {},
): Case {
  return script({
    name: `sending/${what} is dropped without a PDU`,
    commands: [C.MsgData, C.MsgDataAck],
    is: proves.some((id) => id.startsWith('fix')) ? ['refusal', 'fix'] : 'refusal',
    proves,
    onOriginal,
    given: { a: 'a', phone: 'a ios@1', b: 'b@1' },
    run: async ({ a, phone, b }, world) => {
      const before = await world.latest(a, b.id);
      a.send(C.MsgData, { ...world.text(b.id), ...change(world) });
      await a.probe();
      a.expectNothingMore();
      // The next message takes the same path after it.
      const msgId = await world.say(a, b.id);
      check(msgId === before + 1, `msg_id ${msgId} after ${before}`);
      for (const peer of [phone, b]) {
        await peer.get(C.MsgData, { msgId });
        peer.expectNothingMore();
      }
    },
  });
}

/** Sends `count` messages without waiting for acks. @returns the msg_ids of the acks, in the order sent */
async function burst(from: Peer, count: number, body: () => ReturnType<World['text']>): Promise<number[]> {
  const seqNums = Array.from({ length: count }, () => from.send(C.MsgData, body()));
  const msgIds: number[] = [];
  for (const seqNum of seqNums) msgIds.push((await from.answer(C.MsgDataAck, seqNum)).msgId);
  return msgIds;
}

const ascending = (ids: readonly number[]) => ids.every((id, i) => i === 0 || id === ids[i - 1]! + 1);

/** Messages from client to client (client-behaviour.md#messages). */
export const sendingCases: readonly Case[] = [
  script({
    name: 'sending/a text is acknowledged and reaches every client of both, on all servers',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['success', 'fix'],
    proves: ['defect-forwarded-header', 'client-push-seq', 'client-text', 'client-small-ids'],
    given: { a: 'a', phone: 'a android@1', b: 'b@1', bPhone: 'b ios', c: 'c' },
    run: async ({ a, phone, b, bPhone, c }, world) => {
      const before = await world.latest(a, b.id);
      const text = '你好 conformance';
      const message = { ...world.text(b.id, text), fromUserId: c.id, msgId: 4_711, createTime: 1 };
      const { msgId } = await a.ask(
        C.MsgData,
        C.MsgDataAck,
        { ...message, attachData: Buffer.from(randomUUID()) },
        { userId: a.id, sessionId: b.id, sessionType: 1, msgId: before + 1 },
      );
      for (const peer of [phone, b, bPhone]) {
        const got = await peer.get(C.MsgData, {
          fromUserId: a.id,
          toSessionId: b.id,
          msgId,
          msgType: MsgType.SINGLE_TEXT,
          msgData: message.msgData,
          createTime: (time) => Math.abs(time - Date.now() / 1000) < 86_400,
        });
        check(world.codec.decrypt(got.msgData) === text, 'another text');
      }
      await world.fence(a, c, b, phone);
      for (const peer of [a, phone, b, bPhone, c]) peer.expectNone(C.MsgData);
    },
  }),
  script({
    name: 'sending/texts of every length around a cipher block come as they were sent',
    commands: [C.MsgData],
    is: 'client habit',
    proves: ['client-text'],
    given: { a: 'a', b: 'b android@1' },
    run: async ({ a, b }, world) => {
      for (const length of [1, 11, 12, 13, 15, 16, 17, 28, 29, 32]) {
        const text = 'x'.repeat(length);
        const msgId = await world.say(a, b.id, text);
        const { msgData } = await b.get(C.MsgData, { msgId });
        check(world.codec.decrypt(msgData) === text, `a text of ${length} bytes is another`);
        const blocks = Math.ceil((length + 4) / 16);
        check(Buffer.from(msgData.toString(), 'base64').length === blocks * 16, `not ${blocks} blocks`);
      }
    },
  }),
  script({
    name: 'sending/audio arrives byte for byte, is so in history, and is [语音] in lists',
    commands: [C.MsgData, C.MsgListResponse, C.MsgUnreadCntResponse, C.BuddyListRecentContactSessionResponse],
    is: 'success',
    given: { a: 'a', b: 'b android@1' },
    run: async ({ a, b }, world) => {
      const msgData = audio();
      const message = { ...world.text(b.id), msgType: MsgType.SINGLE_AUDIO, msgData };
      const { msgId } = await a.ask(C.MsgData, C.MsgDataAck, message);
      await b.get(C.MsgData, { msgId, msgType: MsgType.SINGLE_AUDIO, msgData });
      await b.ask(
        C.MsgListRequest,
        C.MsgListResponse,
        { userId: 0, sessionType: 1, sessionId: a.id, msgIdBegin: 0, msgCnt: 1 },
        { msgList: [{ msgId, msgType: MsgType.SINGLE_AUDIO, msgData }] },
      );
      const preview = (data: Uint8Array) => world.codec.decrypt(data) === '[语音]';
      const { unreadinfoList } = await b.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
      const unread = unreadinfoList.find(
        ({ sessionId, sessionType }) => sessionId === a.id && sessionType === 1,
      );
      check(unread !== undefined && preview(unread.latestMsgData), 'no [语音] in the unread list');
      const { contactSessionList } = await b.ask(
        C.BuddyListRecentContactSessionRequest,
        C.BuddyListRecentContactSessionResponse,
        { userId: 0, latestUpdateTime: 0 },
      );
      const session = contactSessionList.find(
        ({ sessionId, sessionType }) => sessionId === a.id && sessionType === 1,
      );
      check(session !== undefined && preview(session.latestMsgData), 'no [语音] in the recent sessions');
    },
  }),
  dropped('an empty message', () => ({ msgData: Buffer.alloc(0) }), { proves: ['fix-dropped-message'] }),
  dropped('a message to oneself', ({ ids }) => ({ toSessionId: ids.a }), { proves: ['fix-dropped-message'] }),
  dropped('audio of four bytes', () => ({ msgType: MsgType.SINGLE_AUDIO, msgData: Buffer.alloc(4, 1) }), {
    proves: ['client-text'],
    onOriginal: 'untried',
  }),
  dropped('a push notice from a client', () => ({ msgType: MsgType.PUSH_NOTICE })),
  script({
    name: 'sending/a message to nobody is not acknowledged and makes no conversation',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['refusal', 'fix'],
    proves: ['fix-unknown-receiver'],
    given: { a: 'a' },
    run: async ({ a }, world) => {
      a.send(C.MsgData, world.text(nobody));
      a.send(C.MsgData, world.text(0));
      await a.probe();
      a.expectNothingMore();
      check((await world.latest(a, nobody)) === 0, 'there is a conversation');
      const { contactSessionList } = await a.ask(
        C.BuddyListRecentContactSessionRequest,
        C.BuddyListRecentContactSessionResponse,
        { userId: 0, latestUpdateTime: 0 },
      );
      check(!contactSessionList.some(({ sessionId }) => sessionId === nobody), 'there is a session');
    },
  }),
  script({
    name: 'sending/the same attach_data again is the same message',
    commands: [C.MsgData, C.MsgDataAck],
    is: 'success',
    onOriginal: ['original-second-message'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const message = { ...world.text(b.id), attachData: Buffer.from(randomUUID()) };
      const { msgId } = await a.ask(C.MsgData, C.MsgDataAck, message);
      await a.ask(C.MsgData, C.MsgDataAck, message, { msgId });
      await a.leave();
      const again = await world.connect('a ios@1');
      await again.ask(C.MsgData, C.MsgDataAck, message, { msgId });
      const other = { ...message, attachData: Buffer.from(randomUUID()) };
      await again.ask(C.MsgData, C.MsgDataAck, other, { msgId: msgId + 1 });
      await b.get(C.MsgData, { msgId });
      await b.get(C.MsgData, { msgId: msgId + 1 });
      b.expectNone(C.MsgData);
    },
  }),
  script({
    name: 'sending/messages arrive in the order they were sent, and history keeps it within a second',
    commands: [C.MsgData, C.MsgDataAck, C.MsgListResponse],
    is: ['success', 'fix'],
    proves: ['defect-reordered', 'defect-history-order'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const count = 30;
      let next = 0;
      const texts = Array.from({ length: count }, (_, i) => `${world.unique()} ${i}`);
      const msgIds = await burst(a, count, () => world.text(b.id, texts[next++]!));
      check(ascending(msgIds), `acks in the order ${msgIds}`);
      for (const [i, msgId] of msgIds.entries()) {
        const { msgId: came, msgData } = await b.get(C.MsgData);
        check(came === msgId && world.codec.decrypt(msgData) === texts[i], `message ${i} is another`);
      }
      const { msgList } = await b.ask(C.MsgListRequest, C.MsgListResponse, {
        userId: 0,
        sessionType: 1,
        sessionId: a.id,
        msgIdBegin: 0,
        msgCnt: count,
      });
      const history = msgList.map(({ msgData }) => world.codec.decrypt(msgData));
      check(history.join() === texts.toReversed().join(), 'history is in another order');
    },
  }),
  script({
    name: 'sending/messages above the rate are taken later, and none is lost',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['success', 'fix'],
    proves: ['fix-rate', 'defect-rate-drop'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const msgIds = await burst(a, 80, () => world.text(b.id));
      check(ascending(msgIds), 'msg_ids are missing');
      for (const msgId of msgIds) await b.get(C.MsgData, { msgId });
    },
  }),
  script({
    name: 'sending/first messages of a pair at once get different ids',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['success', 'fix'],
    proves: ['defect-first-of-pair'],
    given: { c: 'c', d: 'd@1' },
    run: async ({ c, d }, world) => {
      // No other case uses this pair, so on a fresh server these are its first messages.
      const before = await world.latest(c, d.id);
      const seqNums = [c.send(C.MsgData, world.text(d.id)), d.send(C.MsgData, world.text(c.id))] as const;
      const acks = [await c.answer(C.MsgDataAck, seqNums[0]), await d.answer(C.MsgDataAck, seqNums[1])];
      const ids = acks.map(({ msgId }) => msgId).sort((x, y) => x - y);
      check(ids[0] === before + 1 && ids[1] === before + 2, `ids ${ids} after ${before}`);
      await c.get(C.MsgData, { fromUserId: d.id });
      await d.get(C.MsgData, { fromUserId: c.id });
    },
  }),
  script({
    name: 'sending/first messages of a group at once are all acknowledged',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['success', 'fix'],
    proves: ['defect-first-of-group', 'client-small-ids'],
    given: { a: 'a', b: 'b@1', c: 'c', d: 'd@1' },
    run: async ({ a, b, c, d }, world) => {
      const members = [a, b, c, d];
      const groupId = await world.group(a, b.id, c.id, d.id);
      const seqNums = members.map((peer) =>
        peer.send(C.MsgData, world.text(groupId, world.unique(), { group: true })),
      );
      const ids: number[] = [];
      for (const [i, peer] of members.entries()) {
        ids.push((await peer.answer(C.MsgDataAck, seqNums[i]!, { sessionType: 2 })).msgId);
      }
      check(ascending(ids.sort((x, y) => x - y)) && ids[0] === 1, `ids ${ids}`);
      for (const [i, peer] of members.entries()) {
        for (const from of members.filter((_, k) => k !== i)) {
          await peer.get(C.MsgData, { fromUserId: from.id, toSessionId: groupId });
        }
      }
    },
  }),
  exchange({
    name: 'sending/a receipt is taken without an answer, and nobody is told',
    commands: [C.MsgDataAck],
    is: ['success', 'refusal'],
    given: { a: 'a', b: 'b@1' },
    from: 'b',
    send: ({ a, b }) => pdu(C.MsgDataAck, { userId: b, sessionId: a, msgId: 1, sessionType: 1 }),
    receive: () => ({}),
  }),
  exchange({
    name: 'sending/a command carries a large JSON whole',
    commands: [C.SwitchP2pCmd],
    is: 'success',
    onOriginal: ['fix-sender-p2p'],
    given: { a: 'a', b: 'b@1' },
    from: 'a',
    send: ({ b }) => pdu(C.SwitchP2pCmd, { fromUserId: 0, toUserId: b, cmdMsgData: '说'.repeat(5_000) }),
    receive: ({ a }) => ({
      b: [push(C.SwitchP2pCmd, { fromUserId: a, cmdMsgData: '说'.repeat(5_000) })],
    }),
  }),
];
