import { fitted } from '../../notification/fitted.js';
import { type HttpsAnswer, HttpsClient, maxSockets } from '../https-client.js';
import {
  answerMs,
  collapseIdOf,
  type Notification,
  type Outcome,
  type Provider,
  unanswered,
} from '../provider.js';
import { encryptMessage, overhead } from './encrypt.js';
import { isAllowed, subscriptionOf } from './subscription.js';
import { Vapid } from './vapid.js';

export interface WebPushOptions {
  name: 'webpush' | 'unifiedpush';
  key: { pem: string; subject: string };
  /** hosts that messages are sent to besides the own service, as `isAllowed` takes them; a client says where, so no others */
  hosts: readonly string[];
  /** authorities in PEM in place of the system's; undefined: the system's */
  ca?: string | undefined;
  /** HTTP proxy; undefined: none */
  proxy?: URL | undefined;
  /** undefined: none */
  ownService?: OwnService | undefined;
  /** unix milliseconds */
  now?: () => number;
  answerMs?: number;
}

/** The built-in push service of this process. */
export interface OwnService extends Pick<HttpsClient, 'post'> {
  /** whether a subscription belongs to it */
  serves(endpoint: URL): boolean;
}

/** Pause of a push whose sender is refused, for which either its subscription or our key is to blame, milliseconds. */
const senderPauseMs = 5 * 60_000;
/** Push services have to take that many bytes (RFC 8030). */
const maxMessageBytes = 4_096;
export const maxTextBytes = maxMessageBytes - overhead;

/**
 * Web Push (RFC 8030): a JSON that is encrypted for the subscription, with `title` and `body` of a banner or without, `tag`, `badge`,
 * `withdrawn`, and what opens the conversation. UnifiedPush is the same.
 */
export class WebPush implements Provider {
  readonly name: string;
  readonly concurrency = maxSockets;
  readonly #options: WebPushOptions;
  readonly #client: HttpsClient;
  readonly #vapid: Vapid;
  readonly #now: () => number;

  /** @throws Error when the key cannot be read */
  constructor(options: WebPushOptions) {
    const { name, key, ca, proxy, now = Date.now, answerMs: ms } = options;
    this.name = name;
    this.#options = options;
    this.#client = new HttpsClient({ ca, proxy, now, answerMs: ms });
    this.#vapid = new Vapid(key.pem, key.subject, now);
    this.#now = now;
  }

  async send(notification: Notification): Promise<Outcome> {
    const subscription = subscriptionOf(notification.token);
    if (!subscription) return { kind: 'gone', reason: 'no subscription' };
    const { endpoint, keys } = subscription;
    const { answerMs: ms = answerMs, hosts, ownService } = this.#options;
    // Of its host only its own port: others are not the push service's.
    const isOwn = ownService?.serves(endpoint) === true;
    if (!isOwn && !isAllowed(endpoint, hosts)) return { kind: 'refused', reason: 'host not allowed' };
    if (this.name === 'webpush' && !isForBrowser(notification, endpoint)) {
      return { kind: 'unsupported', reason: 'banners only' };
    }
    let message: Buffer;
    try {
      message = encryptMessage(webPushText(notification), keys);
    } catch {
      return { kind: 'gone', reason: 'no key of the curve' };
    }
    try {
      const service = isOwn ? ownService : this.#client;
      return outcomeOf(await service.post(endpoint, this.#headers(notification, endpoint), message, ms));
    } catch (error) {
      return unanswered(error);
    }
  }

  async stop(): Promise<void> {
    this.#client.close();
  }

  #headers(notification: Notification, endpoint: URL): Record<string, string> {
    const { alert, expiresAt } = notification;
    return {
      authorization: this.#vapid.authorization(endpoint),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(Math.max(0, Math.floor((expiresAt - this.#now()) / 1_000))),
      topic: collapseIdOf(notification),
      urgency: alert ? 'high' : 'low',
    };
  }
}

/**
 * Browsers want a message to show something. Chromium and Firefox let a few go that do not, which are kept for withdrawals; Safari
 * ends the subscription after three.
 */
function isForBrowser({ alert, withdraws }: Notification, { hostname }: URL): boolean {
  return alert !== undefined || (withdraws === true && !hostname.endsWith('.push.apple.com'));
}

/** The JSON of a notification, at most as long as a push service has to take it. */
export function webPushText({ alert, badge, collapseId, data, withdraws }: Notification): Buffer {
  return fitted(alert, maxTextBytes, (shown) =>
    Buffer.from(
      JSON.stringify({ ...shown, tag: collapseId, badge, ...data, ...(withdraws && { withdrawn: true }) }),
    ),
  );
}

function outcomeOf({ status, retryAfterMs, location }: HttpsAnswer): Outcome {
  const reason = `status ${status}`;
  if (status === 200 || status === 201 || status === 202) return { kind: 'accepted', id: location };
  if (status === 404 || status === 410) return { kind: 'gone', reason };
  // Not blocked: an endpoint that answers so by itself would hold up all the others.
  if (status === 401 || status === 403) return { kind: 'retry', reason, afterMs: senderPauseMs };
  if (status === 429 || status >= 500) {
    return { kind: 'retry', reason, ...(retryAfterMs !== undefined && { afterMs: retryAfterMs }) };
  }
  return { kind: 'refused', reason };
}
