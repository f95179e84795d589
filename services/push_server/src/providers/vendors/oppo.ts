import { createHash } from 'node:crypto';
import { appData } from '../../notification/app-data.js';
import type { Alert } from '../../notification/fitted.js';
import { AccountRefused, type FetchedToken } from '../cached-token.js';
import type { HttpsClient } from '../https-client.js';
import type { Notification } from '../provider.js';
import { type Reach, TokenProvider } from '../token-provider.js';
import { type CodeTable, jsonOf, outcomeBy, textOf } from './answer.js';
import { bannerIn, bannersOnly, notifyIdOf, ttlSeconds } from './banner.js';

export interface OppoOptions extends Reach {
  /** https://api.push.oppomobile.com */
  origin: string;
  appKey: string;
  masterSecret: string;
  /** approved by OPPO for the class "communication and service"; empty: the app's default, with a daily quota */
  channelId: string;
}

/** Maximum length of title and text, characters. */
export const oppoLimits = { title: 50, body: 200 };
const maxTtl = 10 * 86_400;
const tokenLifeMs = 86_400_000;
const form = 'application/x-www-form-urlencoded';

/** https://open.oppomobile.com/documentation, return codes; 10000 is not among them; other programs treat it as a wrong registration id. */
const codes: CodeTable = {
  accepted: [0],
  unauthorized: [11, 29],
  gone: [10000],
  retry: [-2, -1, 13, 55],
  blocked: [14, 26, 27, 28, 30],
  quota: [33],
};

/** OPPO Push (also OnePlus and realme): a form that contains JSON, and an access token valid for a day. */
export class Oppo extends TokenProvider {
  constructor({ origin, appKey, masterSecret, channelId, ...reach }: OppoOptions) {
    const { now = Date.now } = reach;
    const url = new URL('/server/v1/message/notification/unicast', origin);
    const account = { origin, appKey, masterSecret };
    super(
      {
        name: 'oppo',
        fetchToken: (client, ms) => fetchToken(client, account, now(), ms),
        request: (notification, token) => {
          const { alert } = notification;
          if (!alert) return bannersOnly;
          const message = oppoMessage({ ...notification, alert }, channelId, now());
          const body = new URLSearchParams({ auth_token: token, message }).toString();
          return { url, headers: { 'content-type': form }, body: Buffer.from(body) };
        },
        outcomeOf: (answer) => {
          const { code, message, data } = jsonOf(answer);
          const { messageId } = (data ?? {}) as Record<string, unknown>;
          const number = typeof code === 'number' ? code : undefined;
          return outcomeBy(codes, answer, number, { id: messageId, text: message });
        },
      },
      reach,
    );
  }
}

async function fetchToken(
  client: HttpsClient,
  { origin, appKey, masterSecret }: Pick<OppoOptions, 'origin' | 'appKey' | 'masterSecret'>,
  now: number,
  ms: number,
): Promise<FetchedToken> {
  const sign = createHash('sha256').update(`${appKey}${now}${masterSecret}`).digest('hex');
  const body = new URLSearchParams({ app_key: appKey, timestamp: String(now), sign }).toString();
  const answer = await client.post(
    new URL('/server/v1/auth', origin),
    { 'content-type': form },
    Buffer.from(body),
    ms,
  );
  const { code, message, data } = jsonOf(answer);
  const reason = `${textOf(code) || `status ${answer.status}`} ${textOf(message)}`.trim();
  if (typeof code !== 'number' || codes.retry?.includes(code)) throw new Error(`auth: ${reason}`);
  if (code !== 0) throw new AccountRefused(reason);
  const { auth_token: value } = (data ?? {}) as Record<string, unknown>;
  return { value: typeof value === 'string' ? value : '', lifeMs: tokenLifeMs };
}

/** The field `message` of a unicast. OPPO has no data messages. */
export function oppoMessage(
  notification: Notification & { alert: Alert },
  channelId: string,
  now: number,
): string {
  const { id, token, alert, collapseId, expiresAt } = notification;
  const notifyId = notifyIdOf(collapseId);
  const { title, body } = bannerIn(alert, oppoLimits);
  return JSON.stringify({
    target_type: 2,
    target_value: token,
    verify_registration_id: true,
    notification: {
      // OPPO does not show a repeated id again.
      app_message_id: id,
      style: 1,
      title,
      content: body,
      click_action_type: 0,
      action_parameters: JSON.stringify({ ...appData(notification), notify_id: String(notifyId) }),
      notify_id: notifyId,
      off_line: true,
      off_line_ttl: ttlSeconds(expiresAt, now, 1, maxTtl),
      // Class "communication and service"; shown as a banner and on the lock screen.
      ...(channelId !== '' && { channel_id: channelId, category: 'IM', notify_level: 2 }),
    },
  });
}
