import type { IncomingMessage } from 'node:http';
import { checkClient } from './fake-hms.js';
import {
  FakeVendor,
  isWithin,
  Refusal,
  stringsOf,
  type VendorAnswer,
  type VendorMessage,
} from './fake-vendor.js';

export interface FakeHonorOptions {
  appId: string;
  clientId: string;
  clientSecret: string;
  /** lifetime of an access token, seconds */
  tokenSeconds?: number;
  /** current time, unix milliseconds */
  now?: () => number;
}

interface HonorMessage {
  data?: string;
  android: {
    ttl: string;
    notification?: {
      title: string;
      body: string;
      tag: string;
      notifyId: number;
      clickAction?: { type: number };
      importance: string;
      badge?: { badgeClass?: string; setNum: number };
    };
  };
  token: string[];
}

/** Honor Push and its token endpoint, as far as they are publicly documented. */
export class FakeHonor extends FakeVendor {
  readonly #options: FakeHonorOptions;

  static start(options: FakeHonorOptions): Promise<FakeHonor> {
    return new FakeHonor(options).listen();
  }

  private constructor(options: FakeHonorOptions) {
    super(options.now);
    this.#options = options;
  }

  get tokenUrl(): string {
    return `${this.origin}/auth/token`;
  }

  protected isGrant(url: string): boolean {
    return url === '/auth/token';
  }

  protected grant(request: IncomingMessage, body: string): VendorAnswer {
    checkClient(request, body, this.#options);
    const { tokenSeconds = 3_600 } = this.#options;
    return { body: { access_token: this.issue('ho'), expires_in: tokenSeconds, token_type: 'Bearer' } };
  }

  protected acceptance(requestId: string): VendorAnswer {
    return { body: { code: 200, message: 'success', data: { sendResult: true, requestId } } };
  }

  protected check({ url, headers }: IncomingMessage, body: string): VendorMessage {
    const { appId, tokenSeconds = 3_600 } = this.#options;
    const refuse = (code: number, message: string, status = 200): never => {
      throw new Refusal(message, { status, body: { code, message } });
    };
    if (url !== `/api/v1/${appId}/sendMessage`) refuse(80100001, 'app', 404);
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!this.holds(bearer, tokenSeconds)) refuse(80200003, 'token expired', 401);
    if (!/^application\/json/.test(headers['content-type'] ?? '')) refuse(80100003, 'content type', 400);
    if (Math.abs(Number(headers.timestamp) - this.now()) > 600_000) refuse(80100003, 'timestamp', 400);
    const message = JSON.parse(body) as HonorMessage;
    const { token: tokens, ...counted } = message;
    if (Buffer.byteLength(JSON.stringify(counted)) > 4_096) refuse(80300008, 'message body too large', 400);
    if (tokens.length !== 1) refuse(80300010, 'number of tokens', 400);
    const { data, android } = message;
    const ttl = Number(/^(\d+)s$/.exec(android.ttl)?.[1] ?? Number.NaN);
    if (!isWithin(ttl, 1, 1_296_000)) refuse(80100004, 'ttl', 400);
    const strings = stringsOf(data ?? '{}', (what) => refuse(80100003, what, 400));
    const [token = ''] = tokens;
    if (!this.phones.has(token)) {
      const failed = { sendResult: false, expireTokens: tokens };
      throw new Refusal('expired', { body: { code: 200, message: 'success', data: failed } });
    }
    const { notification } = android;
    if (!notification) return { token, data: strings };
    const { title, body: text, clickAction, importance, notifyId, badge } = notification;
    if (!title || !text || !clickAction || ![1, 2, 3].includes(clickAction.type)) {
      refuse(80100003, 'notification', 400);
    }
    if (!['LOW', 'NORMAL'].includes(importance)) refuse(80100003, 'importance', 400);
    if (!isWithin(notifyId, 0, 2 ** 31 - 1)) refuse(80100003, 'notifyId', 400);
    if (badge && (!badge.badgeClass || !isWithin(badge.setNum, 0, 99))) refuse(80100003, 'badge', 400);
    if (notification.tag !== strings.tag) refuse(80100003, 'tag', 400);
    return { token, data: strings, banner: { title, body: text, data: strings }, badge: badge?.setNum };
  }
}
