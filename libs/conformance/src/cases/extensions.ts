import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import { Commands as C } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';

/** A subscription as browsers write it. */
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
];
