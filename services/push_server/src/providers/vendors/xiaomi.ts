import { appData } from '../../notification/app-data.js';
import type { Notification } from '../provider.js';
import { type Reach, TokenProvider } from '../token-provider.js';
import { type CodeTable, jsonOf, outcomeBy, textOf } from './answer.js';
import { bannerIn, notifyIdOf, ttlSeconds } from './banner.js';

export interface XiaomiOptions extends Reach {
  /** https://api.xmpush.xiaomi.com */
  origin: string;
  appSecret: string;
  /** package name of the app; empty: that of each device */
  packageName: string;
  /** approved by Xiaomi for the class "private messages"; empty: none, with a daily quota */
  channelId: string;
}

/** Maximum length of title and text, characters: less than 50 and 128. */
export const xiaomiLimits = { title: 49, body: 127 };
const maxTtl = 14 * 86_400;

/** https://dev.mi.com/xiaomihyperos/documentation/detail?pId=1560, and pId=1656 for the quota. A wrong package name (22022) may be that of a single device. */
const codes: CodeTable = {
  accepted: [0],
  retry: [-1, 1, 10001, 10002, 10003, 10027, 10037, 20301, 20607, 26003, 65029],
  later: [21303],
  blocked: [10031, 10036, 21301, 21302, 22000, 22006, 22007],
  quota: [10034, 200001],
};

/** Xiaomi Push (MiPush), version 3: a form, authenticated by the app's secret. */
export class Xiaomi extends TokenProvider {
  constructor({ origin, appSecret, packageName, channelId, ...reach }: XiaomiOptions) {
    const { now = Date.now } = reach;
    const url = new URL('/v3/message/regid', origin);
    super(
      {
        name: 'xiaomi',
        request: (notification) => {
          // A comma would separate several devices.
          if (notification.token.includes(',')) return { kind: 'gone', reason: 'no registration id' };
          return {
            url,
            headers: {
              authorization: `key=${appSecret}`,
              'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
            },
            body: xiaomiForm(notification, { packageName, channelId }, now()),
          };
        },
        outcomeOf: (answer, { token }) => {
          const { code, reason, description, data } = jsonOf(answer);
          const { id, bad_regids: bad } = (data ?? {}) as Record<string, unknown>;
          const text = reason ?? description;
          // 20301 covers all failures; only its text tells an unknown device.
          if (textOf(bad).split(',').includes(token) || /valid target/i.test(textOf(text))) {
            return { kind: 'gone', reason: textOf(text) || 'bad registration id' };
          }
          return outcomeBy(codes, answer, typeof code === 'number' ? code : undefined, { id, text });
        },
      },
      reach,
    );
  }
}

/** The form of `message/regid`: a banner, or a data message (`pass_through`). */
export function xiaomiForm(
  notification: Notification,
  { packageName, channelId }: Pick<XiaomiOptions, 'packageName' | 'channelId'>,
  now: number,
): Buffer {
  const { token, app, alert, collapseId, expiresAt } = notification;
  const notifyId = String(notifyIdOf(collapseId));
  const banner = alert && bannerIn(alert, xiaomiLimits);
  const restricted = app || packageName;
  return Buffer.from(
    new URLSearchParams({
      registration_id: token,
      payload: JSON.stringify({ ...appData(notification), notify_id: notifyId }),
      pass_through: banner ? '0' : '1',
      time_to_live: String(ttlSeconds(expiresAt, now, 1, maxTtl) * 1_000),
      ...(restricted !== '' && { restricted_package_name: restricted }),
      ...(banner && {
        title: banner.title,
        description: banner.body,
        // Sound, vibration and light.
        notify_type: '-1',
        notify_id: notifyId,
        // A tap opens the app; nothing is shown while the app is in the foreground.
        'extra.notify_effect': '1',
        'extra.notify_foreground': '0',
        ...(channelId !== '' && { 'extra.channel_id': channelId }),
      }),
    }).toString(),
  );
}
