import { createHash } from 'node:crypto';
import { appData } from '../../notification/app-data.js';
import type { Alert } from '../../notification/fitted.js';
import { AccountRefused, type FetchedToken } from '../cached-token.js';
import type { HttpsClient } from '../https-client.js';
import type { Notification } from '../provider.js';
import { type Reach, TokenProvider } from '../token-provider.js';
import { type CodeTable, jsonOf, outcomeBy, textOf } from './answer.js';
import { bannerIn, bannersOnly, notifyIdOf, ttlSeconds } from './banner.js';

export interface VivoOptions extends Reach {
  /** https://api-push.vivo.com.cn */
  origin: string;
  appId: string;
  appKey: string;
  appSecret: string;
}

/** Maximum width of title and text: 20 and 50 Chinese characters, or twice as many Latin ones. */
export const vivoLimits = { title: 40, body: 100 };
const [minTtl, maxTtl] = [60, 7 * 86_400];
/** Lifetime of an access token, milliseconds: vivo expires it after a day and recommends fetching one every hour or two. */
const tokenLifeMs = 2 * 3_600_000;
const json = 'application/json;charset=UTF-8';

/** https://dev.vivo.com.cn/documentCenter/doc/362, as far as other programs confirm them. */
const codes: CodeTable = {
  accepted: [0],
  unauthorized: [10000],
  gone: [10302],
  retry: [10040, 10093],
  // Outside the hours in which an app without the class "system messages" may push.
  later: [10071],
  blocked: [10094],
  quota: [10070, 10073],
};

/** Width of a character: 1 for Latin, 2 for Chinese. */
export const vivoWidth = (character: string) =>
  character.length === 1 && character <= '\xff' ? 1 : 2 * character.length;

/** vivo Push, experimental: its requests are documented, its responses only in part. */
export class Vivo extends TokenProvider {
  constructor({ origin, appId, appKey, appSecret, ...reach }: VivoOptions) {
    const { now = Date.now } = reach;
    const url = new URL('/message/send', origin);
    const account = { origin, appId, appKey, appSecret };
    super(
      {
        name: 'vivo',
        fetchToken: (client, ms) => fetchToken(client, account, now(), ms),
        request: (notification, token) => {
          const { alert } = notification;
          if (!alert) return bannersOnly;
          const body = vivoMessage({ ...notification, alert }, appId, now());
          return { url, headers: { authToken: token, 'content-type': json }, body };
        },
        outcomeOf: (answer) => {
          const { result, desc, taskId } = jsonOf(answer);
          const number = typeof result === 'number' ? result : undefined;
          return outcomeBy(codes, answer, number, { id: taskId, text: desc });
        },
      },
      reach,
    );
  }
}

async function fetchToken(
  client: HttpsClient,
  { origin, appId, appKey, appSecret }: Pick<VivoOptions, 'origin' | 'appId' | 'appKey' | 'appSecret'>,
  now: number,
  ms: number,
): Promise<FetchedToken> {
  const sign = createHash('md5').update(`${appId}${appKey}${now}${appSecret}`).digest('hex');
  const body = Buffer.from(JSON.stringify({ appId, appKey, timestamp: now, sign }));
  const answer = await client.post(new URL('/message/auth', origin), { 'content-type': json }, body, ms);
  const { result, desc, authToken: value } = jsonOf(answer);
  const reason = `${textOf(result) || `status ${answer.status}`} ${textOf(desc)}`.trim();
  if (typeof result !== 'number' || codes.retry?.includes(result)) throw new Error(`auth: ${reason}`);
  if (result !== 0) throw new AccountRefused(reason);
  return { value: typeof value === 'string' ? value : '', lifeMs: tokenLifeMs };
}

/** The body of `message/send`. vivo has no data messages. */
export function vivoMessage(
  notification: Notification & { alert: Alert },
  appId: string,
  now: number,
): Buffer {
  const { id, token, alert, collapseId, expiresAt } = notification;
  const notifyId = notifyIdOf(collapseId);
  const { title, body } = bannerIn(alert, vivoLimits, vivoWidth);
  return Buffer.from(
    JSON.stringify({
      appId,
      regId: token,
      title,
      content: body,
      // Sound and vibration.
      notifyType: 4,
      skipType: 1,
      timeToLive: ttlSeconds(expiresAt, now, minTtl, maxTtl),
      // A system message of a chat, which is exempt from the marketing quota.
      classification: 1,
      category: 'IM',
      notifyId,
      requestId: id,
      clientCustomMap: { ...appData(notification), notify_id: String(notifyId) },
      pushMode: 0,
    }),
  );
}
