import { appData } from '../../notification/app-data.js';
import { fitted } from '../../notification/fitted.js';
import { fetchAccessToken } from '../oauth.js';
import type { Notification } from '../provider.js';
import { type Reach, TokenProvider } from '../token-provider.js';
import { jsonOf, outcomeBy } from './answer.js';
import { notifyIdOf, ttlSeconds } from './banner.js';
import { huaweiCodes } from './huawei-codes.js';

export interface HmsOptions extends Reach {
  /** https://push-api.cloud.huawei.com */
  origin: string;
  /** https://oauth-login.cloud.huawei.com/oauth2/v3/token */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** selects version 2 of the API; empty: version 1, with the client id */
  projectId: string;
  /** launcher activity of the app, whose icon gets the badge; empty: banners set no badge */
  badgeClass: string;
}

/** Maximum size of a message without its token, bytes; leaves room for the JSON around the token. */
export const maxMessageBytes = 4_000;
const maxTtl = 15 * 86_400;

/** Huawei Push Kit: https://developer.huawei.com/consumer/cn/doc/HMSCore-References/https-send-api-0000001050986197 */
export class Hms extends TokenProvider {
  constructor({ origin, tokenUrl, clientId, clientSecret, projectId, badgeClass, ...reach }: HmsOptions) {
    const { now = Date.now } = reach;
    const grant = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const path =
      projectId === '' ? `/v1/${encodeURIComponent(clientId)}` : `/v2/${encodeURIComponent(projectId)}`;
    const url = new URL(`${path}/messages:send`, origin);
    super(
      {
        name: 'hms',
        fetchToken: (client, ms) => fetchAccessToken(client, new URL(tokenUrl), grant, ms),
        request: (notification, token) => ({
          url,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json;charset=UTF-8' },
          body: hmsMessage(notification, badgeClass, now()),
        }),
        outcomeOf: (answer) => {
          const { code, msg, requestId } = jsonOf(answer);
          const number = typeof code === 'string' ? Number(code) : undefined;
          return outcomeBy(huaweiCodes, answer, number, { id: requestId, text: msg });
        },
      },
      reach,
    );
  }
}

/** The body of `messages:send`. The app gets the data when its user taps the banner, or at once if there is none. */
export function hmsMessage(notification: Notification, badgeClass: string, now: number): Buffer {
  const { token, collapseId, expiresAt, badge } = notification;
  const notifyId = notifyIdOf(collapseId);
  const data = JSON.stringify({ ...appData(notification), notify_id: String(notifyId) });
  const ttl = `${ttlSeconds(expiresAt, now, 1, maxTtl)}s`;
  return fitted(notification.alert, maxMessageBytes + Buffer.byteLength(token), (shown) =>
    Buffer.from(
      JSON.stringify({
        validate_only: false,
        message: {
          data,
          android: {
            ttl,
            ...(shown && {
              category: 'IM',
              notification: {
                title: shown.title || '…',
                body: shown.body || '…',
                tag: collapseId,
                notify_id: notifyId,
                click_action: { type: 3 },
                importance: 'NORMAL',
                foreground_show: false,
                ...(badgeClass !== '' && { badge: { class: badgeClass, set_num: Math.min(badge, 99) } }),
              },
            }),
          },
          token: [token],
        },
      }),
    ),
  );
}
