import { createPublicKey, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeHttps } from './fake-https.js';
import { PushSubscriber, type WebPushText } from './push-subscriber.js';

/** What the fake does with the next message in place of checking it. */
export type WebPushMisbehaviour = { status: number; retryAfter?: string } | 'break' | 'silence';

/**
 * A push service (RFC 8030) and the browsers behind it: it checks the sender's token (RFC 8292), the headers and the size, and
 * decrypts each message as the browser does (RFC 8291).
 */
export class FakeWebPush extends FakeHttps {
  /** by subscription and tag: what the browsers show */
  readonly banners = new Map<string, WebPushText>();
  readonly badges = new Map<string, number>();
  readonly misbehaviours: WebPushMisbehaviour[] = [];
  /** why it has refused */
  readonly refusals: string[] = [];
  accepted = 0;
  /** by subscription and topic: what an offline browser would get */
  readonly kept = new Map<string, WebPushText>();
  /** what the last accepted message says */
  last: WebPushText | undefined;
  readonly #subscribers = new Map<string, PushSubscriber>();
  readonly #senderKey: string;
  readonly #now: () => number;

  /**
   * @param senderKey with which browsers have subscribed: an uncompressed point, base64url
   * @param now unix milliseconds
   */
  static start(senderKey: string, now: () => number = Date.now): Promise<FakeWebPush> {
    return new FakeWebPush(senderKey, now).listen();
  }

  private constructor(senderKey: string, now: () => number) {
    super();
    this.#senderKey = senderKey;
    this.#now = now;
  }

  /** A browser subscribes. @returns its subscription, as JSON */
  subscribe(name: string): string {
    const subscriber = new PushSubscriber();
    this.#subscribers.set(name, subscriber);
    return subscriber.subscription(`${this.origin}/push/${name}`);
  }

  unsubscribe(name: string): void {
    this.#subscribers.delete(name);
  }

  protected serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const misbehaviour = this.misbehaviours.shift();
    if (misbehaviour === 'break') return void request.socket.destroy();
    if (misbehaviour === 'silence') return;
    if (misbehaviour?.retryAfter !== undefined) response.setHeader('retry-after', misbehaviour.retryAfter);
    const status = misbehaviour?.status ?? this.#take(request, body);
    if (status === 201) response.setHeader('location', `${this.origin}/message/${++this.accepted}`);
    response.writeHead(status).end();
  }

  /** Shows the banner, unless something is wrong. @returns the status */
  #take({ url, headers }: IncomingMessage, body: Buffer): number {
    const refuse = (status: number, reason: string) => {
      this.refusals.push(reason);
      return status;
    };
    const name = /^\/push\/(.+)$/.exec(url ?? '')?.[1] ?? '';
    const subscriber = this.#subscribers.get(name);
    if (!subscriber) return refuse(410, 'gone');
    const unauthorised = this.#checkSender(headers.authorization ?? '');
    if (unauthorised) return refuse(403, unauthorised);
    if (!/^\d{1,10}$/.test(String(headers.ttl))) return refuse(400, 'ttl');
    if (!/^[\w-]{1,32}$/.test(String(headers.topic))) return refuse(400, 'topic');
    if (!['very-low', 'low', 'normal', 'high'].includes(String(headers.urgency)))
      return refuse(400, 'urgency');
    if (headers['content-encoding'] !== 'aes128gcm') return refuse(415, 'encoding');
    if (body.length > 4_096) return refuse(413, 'size');
    const text = subscriber.read(body);
    this.badges.set(name, text.badge);
    this.last = text;
    this.kept.set(`${name} ${headers.topic}`, text);
    if (text.withdrawn) this.banners.delete(`${name} ${text.tag}`);
    else if (text.body !== undefined) this.banners.set(`${name} ${text.tag}`, text);
    return 201;
  }

  #checkSender(authorization: string): string | undefined {
    const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
    if (key !== this.#senderKey) return 'another sender';
    const [header = '', claims = '', signature = ''] = token.split('.');
    const point = Buffer.from(key, 'base64url');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
    const genuine = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      {
        key: createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' }),
        dsaEncoding: 'ieee-p1363',
      },
      Buffer.from(signature, 'base64url'),
    );
    if (!genuine) return 'signature';
    const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      aud: string;
      exp: number;
      sub: string;
    };
    if (aud !== this.origin) return 'audience';
    const left = exp - this.#now() / 1_000;
    if (left <= 0 || left > 86_400) return 'expiry';
    return /^(mailto:|https:)/.test(sub) ? undefined : 'subject';
  }
}
