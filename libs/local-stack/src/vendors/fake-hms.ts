import type { IncomingMessage } from 'node:http';
import {
  FakeVendor,
  isWithin,
  Refusal,
  stringsOf,
  type VendorAnswer,
  type VendorMessage,
} from './fake-vendor.js';

export interface FakeHmsOptions {
  clientId: string;
  clientSecret: string;
  /** set: version 2 of the API is served instead of version 1 */
  projectId?: string;
  /** lifetime of an access token, seconds */
  tokenSeconds?: number;
  /** current time, unix milliseconds */
  now?: () => number;
}

interface HmsMessage {
  data?: string;
  android: {
    ttl: string;
    category?: string;
    notification?: {
      title: string;
      body: string;
      tag: string;
      notify_id: number;
      click_action?: { type: number };
      importance: string;
      badge?: { class?: string; set_num: number };
    };
  };
  token: string[];
}

/** Checks a request for an access token (RFC 6749, client credentials), as Huawei and Honor do. @throws Refusal */
export function checkClient(
  { headers }: IncomingMessage,
  body: string,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
): void {
  const refuse = (error: string) => {
    throw new Refusal(error, { status: 400, body: { error } });
  };
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') refuse('invalid_request');
  const form = new URLSearchParams(body);
  if (form.get('grant_type') !== 'client_credentials') refuse('unsupported_grant_type');
  if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
    refuse('invalid_client');
}

/** Huawei Push Kit and its token endpoint, as documented. */
export class FakeHms extends FakeVendor {
  readonly #options: FakeHmsOptions;

  static start(options: FakeHmsOptions): Promise<FakeHms> {
    return new FakeHms(options).listen();
  }

  private constructor(options: FakeHmsOptions) {
    super(options.now);
    this.#options = options;
  }

  get tokenUrl(): string {
    return `${this.origin}/oauth2/v3/token`;
  }

  protected isGrant(url: string): boolean {
    return url === '/oauth2/v3/token';
  }

  protected grant(request: IncomingMessage, body: string): VendorAnswer {
    checkClient(request, body, this.#options);
    const { tokenSeconds = 3_600 } = this.#options;
    return { body: { access_token: this.issue('CF'), expires_in: tokenSeconds, token_type: 'Bearer' } };
  }

  protected acceptance(requestId: string): VendorAnswer {
    return { body: { code: '80000000', msg: 'Success', requestId } };
  }

  protected check({ url, headers }: IncomingMessage, body: string): VendorMessage {
    const { clientId, projectId, tokenSeconds = 3_600 } = this.#options;
    const refuse = (code: number, msg: string, status = 200): never => {
      throw new Refusal(msg, { status, body: { code: String(code), msg, requestId: '1' } });
    };
    const path = projectId === undefined ? `/v1/${clientId}` : `/v2/${projectId}`;
    if (url !== `${path}/messages:send`) refuse(80100001, 'UnSupported svc', 404);
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!this.issued.has(bearer)) refuse(80200001, 'oauth', 401);
    if (!this.holds(bearer, tokenSeconds)) refuse(80200003, 'oauth token expired', 401);
    if (!/^application\/json/.test(headers['content-type'] ?? '')) refuse(80100003, 'content type', 400);
    const { message } = JSON.parse(body) as { message: HmsMessage };
    const { token: tokens, ...counted } = message;
    if (Buffer.byteLength(JSON.stringify(counted)) > 4_096) refuse(80300008, 'message body too large', 400);
    if (tokens.length !== 1) refuse(80300010, 'number of tokens', 400);
    const { data, android } = message;
    const ttl = Number(/^(\d+)s$/.exec(android.ttl)?.[1] ?? Number.NaN);
    if (!isWithin(ttl, 1, 1_296_000)) refuse(80100004, 'ttl', 400);
    const strings = stringsOf(data ?? '{}', (what) => refuse(80100003, what, 400));
    const [token = ''] = tokens;
    if (!this.phones.has(token)) refuse(80300007, 'all tokens are invalid');
    const { notification, category } = android;
    if (!notification) return { token, data: strings };
    const { title, body: text, click_action: click, importance, notify_id: notifyId, badge } = notification;
    if (!title || !text || !click || ![1, 2, 3].includes(click.type)) refuse(80100003, 'notification', 400);
    if (!['LOW', 'NORMAL'].includes(importance) || category !== 'IM') refuse(80100003, 'class', 400);
    if (!isWithin(notifyId, -1, 2 ** 31 - 1)) refuse(80100003, 'notify_id', 400);
    if (badge && (!badge.class || !isWithin(badge.set_num, 0, 99))) refuse(80100003, 'badge', 400);
    if (notification.tag !== strings.tag) refuse(80100003, 'tag', 400);
    return { token, data: strings, banner: { title, body: text, data: strings }, badge: badge?.set_num };
  }
}
