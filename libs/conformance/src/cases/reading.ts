import { Commands as C } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

/** An unused id. */
const nobody = 0x7fff_0000;
const single = 1;
const group = 2;

async function history(
  peer: Peer,
  sessionId: number,
  msgIdBegin: number,
  msgCnt: number,
  sessionType = single,
) {
  const request = { userId: 0, sessionType, sessionId, msgIdBegin, msgCnt } as const;
  const { msgList } = await peer.ask(C.MsgListRequest, C.MsgListResponse, request);
  return msgList.map(({ msgId }) => msgId);
}

const down = (from: number, count: number) => Array.from({ length: count }, (_, i) => from - i);

/** Sends `count` messages. @returns the last msg_id */
async function sayMany(from: Peer, to: number, count: number, world: World): Promise<number> {
  let msgId = 0;
  for (let i = 0; i < count; i++) msgId = await world.say(from, to);
  return msgId;
}

/** A request about an unknown session: an empty reply. */
function nothingOf(what: string, sessionType: 1 | 2): readonly Case[] {
  const session = { userId: 0, sessionType, sessionId: nobody } as const;
  return [
    exchange({
      name: `reading/history of ${what} is empty`,
      commands: [C.MsgListRequest, C.MsgListResponse],
      is: 'refusal',
      onOriginal: ['fix-unknown-receiver'],
      given: { a: 'a' },
      from: 'a',
      send: () => pdu(C.MsgListRequest, { ...session, msgIdBegin: 0, msgCnt: 20 }),
      receive: () => ({ a: [answer(C.MsgListResponse, { sessionId: nobody, sessionType, msgList: [] })] }),
    }),
    exchange({
      name: `reading/the latest id of ${what} is 0`,
      commands: [C.MsgGetLatestMsgIdReq, C.MsgGetLatestMsgIdRsp],
      is: 'refusal',
      onOriginal: ['fix-unknown-receiver'],
      given: { a: 'a' },
      from: 'a',
      send: () => pdu(C.MsgGetLatestMsgIdReq, session),
      receive: () => ({ a: [answer(C.MsgGetLatestMsgIdRsp, { sessionId: nobody, latestMsgId: 0 })] }),
    }),
    exchange({
      name: `reading/messages by id of ${what} are none`,
      commands: [C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes],
      is: 'refusal',
      onOriginal: ['fix-unknown-receiver'],
      given: { a: 'a' },
      from: 'a',
      send: () => pdu(C.MsgGetByMsgIdReq, { ...session, msgIdList: [1, 2, 3] }),
      receive: () => ({ a: [answer(C.MsgGetByMsgIdRes, { sessionId: nobody, msgList: [] })] }),
    }),
  ];
}

/** History, unread counts and read positions (client-behaviour.md#history). */
export const readingCases: readonly Case[] = [
  exchange({
    name: 'reading/the server’s time',
    commands: [C.MsgTimeRequest, C.MsgTimeResponse],
    is: 'success',
    given: { a: 'a' },
    from: 'a',
    send: () => pdu(C.MsgTimeRequest, {}),
    receive: () => ({
      a: [answer(C.MsgTimeResponse, { serverTime: (time) => Math.abs(time - Date.now() / 1000) < 86_400 })],
    }),
  }),
  script({
    name: 'reading/unread messages count for the receiver only, with the latest one and its sender',
    commands: [C.MsgUnreadCntRequest, C.MsgUnreadCntResponse],
    is: 'success',
    proves: ['client-required'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      await world.readAll(a, b.id);
      await world.readAll(b, a.id);
      const { totalCnt: before } = await b.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
      const msgId = await sayMany(a, b.id, 3, world);
      const answered = await b.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: a.id });
      const info = answered.unreadinfoList.find(
        ({ sessionId, sessionType }) => sessionId === a.id && sessionType === single,
      );
      check(info !== undefined, 'the session is not listed');
      check(info.unreadCnt === 3, `${info.unreadCnt} unread instead of 3`);
      check(info.latestMsgId === msgId && info.latestMsgFromUserId === a.id, 'not the latest message');
      check(answered.totalCnt === before + 3, `${answered.totalCnt} in all instead of ${before + 3}`);
      const sum = answered.unreadinfoList.reduce((total, { unreadCnt }) => total + unreadCnt, 0);
      check(sum === answered.totalCnt, 'total_cnt is not the sum');
      check((await world.unread(a, b.id)) === 0, 'the sender’s own messages count as unread');
    },
  }),
  script({
    name: 'reading/a user without unread messages in a session has no entry for it',
    commands: [C.MsgUnreadCntRequest, C.MsgUnreadCntResponse],
    is: 'refusal',
    given: { a: 'a', b: 'b' },
    run: async ({ a, b }, world) => {
      await world.readAll(b, a.id);
      const { unreadinfoList } = await b.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
      check(
        !unreadinfoList.some(({ sessionId, sessionType }) => sessionId === a.id && sessionType === single),
        'an entry of 0',
      );
    },
  }),
  script({
    name: 'reading/a read ack clears up to its id, and the user’s other clients are told',
    commands: [C.MsgReadAck, C.MsgReadNotify],
    is: ['success', 'fix'],
    proves: ['fix-read-up-to', 'defect-read-clears-all', 'client-push-seq'],
    given: { a: 'a', b: 'b', phone: 'b android@1' },
    run: async ({ a, b, phone }, world) => {
      await world.readAll(b, a.id);
      await world.fence(b, phone);
      phone.forget();
      const last = await sayMany(a, b.id, 4, world);
      b.send(C.MsgReadAck, { userId: b.id, sessionId: a.id, msgId: last - 3, sessionType: single });
      await b.probe();
      check((await world.unread(b, a.id)) === 3, 'not 3 of 4 unread');
      await phone.get(C.MsgReadNotify, {
        userId: b.id,
        sessionId: a.id,
        msgId: last - 3,
        sessionType: single,
      });
      // An older position does not make messages unread again.
      b.send(C.MsgReadAck, { userId: b.id, sessionId: a.id, msgId: last - 1, sessionType: single });
      b.send(C.MsgReadAck, { userId: b.id, sessionId: a.id, msgId: last - 2, sessionType: single });
      await b.probe();
      check((await world.unread(b, a.id)) === 1, 'the read position went back');
    },
  }),
  script({
    name: 'reading/an id beyond the newest counts as the newest: later messages stay unread',
    commands: [C.MsgReadAck],
    is: ['refusal', 'fix'],
    proves: ['fix-read-up-to', 'defect-read-clears-all'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const last = await world.say(a, b.id);
      b.send(C.MsgReadAck, { userId: b.id, sessionId: a.id, msgId: last + 1_000, sessionType: single });
      await b.probe();
      check((await world.unread(b, a.id)) === 0, 'not all is read');
      await world.say(a, b.id);
      check((await world.unread(b, a.id)) === 1, 'a later message is read');
    },
  }),
  script({
    name: 'reading/what was read is told to the reader’s other clients and to nobody else',
    commands: [C.MsgReadNotify, C.MsgReadAck],
    is: ['success', 'client habit'],
    proves: ['client-no-peer-receipt'],
    given: { a: 'a', b: 'b', phone: 'b ios@1', c: 'c@1' },
    run: async ({ a, b, phone, c }, world) => {
      const groupId = await world.group(a, b.id, c.id);
      const inGroup = await world.say(a, groupId, undefined, { group: true });
      const msgId = await world.say(a, b.id);
      b.send(C.MsgReadAck, { userId: b.id, sessionId: groupId, msgId: inGroup, sessionType: group });
      b.send(C.MsgReadAck, { userId: b.id, sessionId: a.id, msgId, sessionType: single });
      await phone.get(C.MsgReadNotify, { sessionId: groupId, msgId: inGroup, sessionType: group });
      await phone.get(C.MsgReadNotify, { sessionId: a.id, msgId, sessionType: single });
      await world.fence(b, a, c);
      for (const peer of [a, b, c]) peer.expectNone(C.MsgReadNotify);
    },
  }),
  script({
    name: 'reading/a read ack that names oneself as the session means nothing',
    commands: [C.MsgReadAck, C.MsgReadNotify],
    is: 'refusal',
    onOriginal: ['original-unchecked'],
    proves: ['client-receipts'],
    given: { a: 'a', phone: 'b android@1', pc: 'b windows' },
    run: async ({ a, phone, pc }, world) => {
      await world.readAll(phone, a.id);
      const msgId = await world.say(a, phone.id);
      for (const userId of [a.id, phone.id]) {
        phone.send(C.MsgReadAck, { userId, sessionId: phone.id, msgId, sessionType: single });
      }
      // A delivery receipt does not mark the message as read.
      phone.send(C.MsgDataAck, phone.profile.receipt(phone.id, a.id, { msgId, sessionType: single }));
      await phone.probe();
      const unread = await world.unread(phone, a.id);
      check(unread === 1, `${unread} unread instead of 1`);
      await world.fence(phone, pc);
      pc.expectNone(C.MsgReadNotify, { msgId });
    },
  }),
  exchange({
    name: 'reading/a read ack of a session with nobody has no effect',
    commands: [C.MsgReadAck, C.MsgReadNotify],
    is: 'refusal',
    onOriginal: ['original-unchecked'],
    given: { a: 'a', phone: 'a ios@1' },
    from: 'a',
    send: () => pdu(C.MsgReadAck, { userId: 0, sessionId: nobody, msgId: 5, sessionType: single }),
    receive: () => ({}),
  }),
  script({
    name: 'reading/history goes backwards from an id or from the newest, at most as much as was asked',
    commands: [C.MsgListRequest, C.MsgListResponse],
    is: 'success',
    onOriginal: ['original-no-limits'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const last = await sayMany(a, b.id, 5, world);
      check((await history(b, a.id, 0, 3)).join() === down(last, 3).join(), 'not the newest three');
      check(
        (await history(a, b.id, last - 1, 2)).join() === down(last - 1, 2).join(),
        'not those up to an id',
      );
      check((await history(a, b.id, last + 100, 2)).join() === down(last, 2).join(), 'not the newest two');
      check((await history(a, b.id, 1, 10)).join() === '1', 'not only the first one');
      const { msgList } = await a.ask(C.MsgListRequest, C.MsgListResponse, {
        userId: 0,
        sessionType: single,
        sessionId: b.id,
        msgIdBegin: 0,
        msgCnt: 0xffff_ffff,
      });
      check(msgList.length >= 5, `${msgList.length} messages in one answer`);
      check(
        msgList.every(({ fromSessionId }) => [a.id, b.id].includes(fromSessionId)),
        'a stranger’s message',
      );
    },
  }),
  script({
    name: 'reading/Windows asks once for all that is unread, and gets more than a hundred',
    commands: [C.MsgUnreadCntRequest, C.MsgListRequest, C.MsgListResponse],
    is: 'client habit',
    proves: ['client-all-unread'],
    given: {
      a: 'a',
      aPhone: 'a ios@1',
      c: 'c',
      cPhone: 'c android@1',
      d: 'd',
      dPhone: 'd ios@1',
    },
    run: async (peers, world) => {
      const { a } = peers;
      const { ids } = world;
      const groupId = await world.group(a, ids.b, ids.c, ids.d);
      // Twenty each: an original's limit for one connection in a second.
      await Promise.all(
        Object.values(peers).map(async (peer) => {
          for (let i = 0; i < 20; i++) await world.say(peer, groupId, undefined, { group: true });
        }),
      );
      const b = await world.connect('b windows@1');
      const unread = await world.unread(b, groupId, { group: true });
      check(unread === 120, `${unread} unread`);
      const listed = await history(b, groupId, 0, unread, group);
      check(listed.join() === down(120, 120).join(), `${listed.length} messages`);
    },
  }),
  script({
    name: 'reading/history of large messages is cut for Android to what it takes in one frame',
    commands: [C.MsgListResponse],
    is: 'client habit',
    onOriginal: ['original-no-limits'],
    proves: ['client-400-kib'],
    given: { a: 'a', phone: 'b android@1', pc: 'b windows' },
    run: async ({ a, phone, pc }, world) => {
      let last = 0;
      for (let i = 0; i < 3; i++) {
        const message = { ...world.text(phone.id), msgData: Buffer.alloc(180_000, 0x41) };
        last = (await a.ask(C.MsgData, C.MsgDataAck, message)).msgId;
      }
      check((await history(phone, a.id, 0, 3)).join() === down(last, 2).join(), 'not the two that fit');
      check((await history(phone, a.id, last - 2, 1)).join() === String(last - 2), 'the third cannot be had');
      check((await history(pc, a.id, 0, 3)).join() === down(last, 3).join(), 'a PC does not get all');
    },
  }),
  script({
    name: 'reading/the latest id, and messages by their ids',
    commands: [C.MsgGetLatestMsgIdReq, C.MsgGetLatestMsgIdRsp, C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes],
    is: 'success',
    onOriginal: ['original-no-limits'],
    given: { a: 'a', b: 'b android@1' },
    run: async ({ a, b }, world) => {
      const last = await sayMany(a, b.id, 3, world);
      check((await world.latest(b, a.id)) === last, 'not the latest id');
      const { msgList } = await b.ask(C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes, {
        userId: 0,
        sessionType: single,
        sessionId: a.id,
        msgIdList: [last, last - 2, last + 5, 0],
      });
      const ids = msgList.map(({ msgId }) => msgId).sort((x, y) => x - y);
      check(ids.join() === [last - 2, last].join(), `ids ${ids}`);
      const many = await b.ask(C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes, {
        userId: 0,
        sessionType: single,
        sessionId: a.id,
        msgIdList: Array.from({ length: 500 }, (_, i) => i + 1),
      });
      check(many.msgList.length <= 100, `${many.msgList.length} messages by id in one answer`);
    },
  }),
  ...nothingOf('nobody', single),
  ...nothingOf('a group that is not there', group),
];
