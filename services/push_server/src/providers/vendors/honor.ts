import { appData } from '../../notification/app-data.js';
import { fitted } from '../../notification/fitted.js';
import { fetchAccessToken } from '../oauth.js';
import type { Notification } from '../provider.js';
import { type Reach, TokenProvider } from '../token-provider.js';
import { type CodeTable, jsonOf, outcomeBy } from './answer.js';
import { notifyIdOf, ttlSeconds } from './banner.js';
import { huaweiCodes } from './huawei-codes.js';

export interface HonorOptions extends Reach {
  /** https://push-api.cloud.honor.com */
  origin: string;
  /** https://iam.developer.honor.com/auth/token */
  tokenUrl: string;
  appId: string;
  clientId: string;
  clientSecret: string;
  /** launcher activity of the app, whose icon gets the badge; empty: banners set no badge */
  badgeClass: string;
}

/** Maximum size of a message without its token, bytes: Huawei's limit. */
export const maxMessageBytes = 4_000;
const maxTtl = 15 * 86_400;
const codes: CodeTable = { ...huaweiCodes, accepted: [200, ...huaweiCodes.accepted] };

/**
 * Honor Push, experimental. Requests follow https://developer.honor.com/cn/docs/11002/reference/downlink-message; the meaning
 * of responses is known only from other programs.
 */
export class Honor extends TokenProvider {
  constructor({ origin, tokenUrl, appId, clientId, clientSecret, badgeClass, ...reach }: HonorOptions) {
    const { now = Date.now } = reach;
    const grant = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const url = new URL(`/api/v1/${encodeURIComponent(appId)}/sendMessage`, origin);
    super(
      {
        name: 'honor',
        fetchToken: (client, ms) => fetchAccessToken(client, new URL(tokenUrl), grant, ms),
        request: (notification, token) => ({
          url,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json; charset=UTF-8',
            timestamp: String(now()),
          },
          body: honorMessage(notification, badgeClass, now()),
        }),
        outcomeOf: (answer, { token }) => {
          const { code, message, data } = jsonOf(answer);
          const { requestId, expireTokens, failTokens } = (data ?? {}) as Record<string, unknown>;
          const lists = (tokens: unknown) => Array.isArray(tokens) && tokens.includes(token);
          if (lists(expireTokens)) return { kind: 'gone', reason: 'expired' };
          if (lists(failTokens)) return { kind: 'refused', reason: 'failed' };
          const number = typeof code === 'number' ? code : undefined;
          return outcomeBy(codes, answer, number, { id: requestId, text: message });
        },
      },
      reach,
    );
  }
}

/** The body of `sendMessage`: like Huawei's, with other names. */
export function honorMessage(notification: Notification, badgeClass: string, now: number): Buffer {
  const { token, collapseId, expiresAt, badge } = notification;
  const notifyId = notifyIdOf(collapseId);
  const data = JSON.stringify({ ...appData(notification), notify_id: String(notifyId) });
  const ttl = `${ttlSeconds(expiresAt, now, 1, maxTtl)}s`;
  return fitted(notification.alert, maxMessageBytes + Buffer.byteLength(token), (shown) =>
    Buffer.from(
      JSON.stringify({
        data,
        android: {
          ttl,
          ...(shown && {
            notification: {
              title: shown.title || '…',
              body: shown.body || '…',
              tag: collapseId,
              notifyId,
              clickAction: { type: 3 },
              importance: 'NORMAL',
              foregroundShow: false,
              ...(badgeClass !== '' && { badge: { badgeClass, setNum: Math.min(badge, 99) } }),
            },
          }),
        },
        token: [token],
      }),
    ),
  );
}
