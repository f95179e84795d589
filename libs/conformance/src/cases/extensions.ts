import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import { Commands as C, IM } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';

const { KICK_REASON_DUPLICATE_USER, KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;

/** A subscription in the JSON form that browsers produce. */
function subscription(): string {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  const keys = { p256dh, auth: randomBytes(16).toString('base64url') };
  return JSON.stringify({ endpoint: `https://push.invalid/${randomUUID()}`, keys });
}

/** Commands of service 0x0008 (client-behaviour.md#commands-besides-those-of-the-original). */
export const extensionCases: readonly Case[] = [
  script({
    name: 'extensions/a page names its subscription, another one, and none',
    commands: [C.ExtPushSubscriptionReq, C.ExtPushSubscriptionRsp],
    is: 'success',
    onOriginal: ['original-no-extensions'],
    given: {},
    run: async (_, world) => {
      const page = await world.connectPage('a');
      const first = { subscription: subscription(), locale: 'zh-CN', timeZone: 'Asia/Shanghai' };
      for (const body of [first, first, { subscription: subscription() }, { subscription: '' }]) {
        await page.ask(C.ExtPushSubscriptionReq, C.ExtPushSubscriptionRsp, body, { resultCode: 0 });
      }
    },
  }),
  exchange({
    name: 'extensions/a subscription from a PC is refused',
    commands: [C.ExtPushSubscriptionReq, C.ExtPushSubscriptionRsp],
    is: 'refusal',
    onOriginal: ['original-no-extensions'],
    given: { pc: 'a' },
    from: 'pc',
    send: () => pdu(C.ExtPushSubscriptionReq, { subscription: subscription() }),
    receive: () => ({ pc: [answer(C.ExtPushSubscriptionRsp, { resultCode: 1 })] }),
  }),
  script({
    name: 'extensions/what is no subscription is refused',
    commands: [C.ExtPushSubscriptionReq, C.ExtPushSubscriptionRsp],
    is: 'refusal',
    onOriginal: ['original-no-extensions'],
    given: {},
    run: async (_, world) => {
      const page = await world.connectPage('a');
      for (const text of ['x', '{}', subscription().replace('https:', 'http:'), 'x'.repeat(5_000)]) {
        const body = { subscription: text };
        await page.ask(C.ExtPushSubscriptionReq, C.ExtPushSubscriptionRsp, body, { resultCode: 1 });
      }
    },
  }),
  script({
    name: 'extensions/a user sees where they are logged in, and logs out there',
    commands: [C.ExtListLoginsReq, C.ExtListLoginsRsp, C.ExtEndLoginsReq, C.ExtEndLoginsRsp, C.LoginKickUser],
    is: 'success',
    onOriginal: ['original-no-extensions'],
    given: { pc: 'a', phone: 'a android@1', other: 'b' },
    run: async ({ pc, phone, other }) => {
      const list = async () => (await pc.ask(C.ExtListLoginsReq, C.ExtListLoginsRsp, {})).loginList ?? [];
      const logins = await list();
      check(logins.length === 2, `${logins.length} logins instead of 2`);
      const ofPhone = logins.find(({ isOwn }) => !isOwn);
      check(ofPhone?.clientClass === 'mobile', 'the phone is not in the list');
      const body = { loginIdList: [ofPhone!.loginId] };
      await pc.ask(C.ExtEndLoginsReq, C.ExtEndLoginsRsp, body, { resultCode: 0 });
      await phone.get(C.LoginKickUser, { kickReason: KICK_REASON_DUPLICATE_USER });
      await phone.expectEnd();
      await other.probe();
    },
  }),
  script({
    name: 'extensions/a user logs out everywhere else',
    commands: [C.ExtEndLoginsReq, C.ExtEndLoginsRsp, C.LoginKickUser],
    is: 'success',
    onOriginal: ['original-no-extensions'],
    given: { pc: 'a', phone: 'a ios@1', other: 'b' },
    run: async ({ pc, phone, other }, world) => {
      const page = await world.connectPage('a');
      await pc.ask(C.ExtEndLoginsReq, C.ExtEndLoginsRsp, { loginIdList: [] }, { resultCode: 0 });
      await phone.get(C.LoginKickUser, { kickReason: KICK_REASON_DUPLICATE_USER });
      await page.get(C.LoginKickUser, { kickReason: KICK_REASON_MOBILE_KICK });
      for (const each of [phone, page]) await each.expectEnd();
      for (const each of [pc, other]) await each.probe();
    },
  }),
  script({
    name: 'extensions/logging out another user, this connection or nobody is refused',
    commands: [C.ExtEndLoginsReq, C.ExtEndLoginsRsp],
    is: 'refusal',
    onOriginal: ['original-no-extensions'],
    given: { a: 'a', other: 'b' },
    run: async ({ a, other }) => {
      const idOf = async (peer: Peer) => {
        const { loginList } = await peer.ask(C.ExtListLoginsReq, C.ExtListLoginsRsp, {});
        return loginList?.find(({ isOwn }) => isOwn)?.loginId ?? '';
      };
      for (const id of [await idOf(other), await idOf(a), '', 'ffffffff-1', "' OR 1"]) {
        const body = { loginIdList: [id] };
        await a.ask(C.ExtEndLoginsReq, C.ExtEndLoginsRsp, body, { resultCode: 1 });
      }
      await other.probe();
      other.expectNone(C.LoginKickUser);
    },
  }),
];
