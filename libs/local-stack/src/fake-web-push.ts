import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { certificateFiles } from './certificates.js';

/** What the fake does with the next message in place of checking it. */
export type WebPushMisbehaviour = { status: number; retryAfter?: string } | 'break' | 'silence';

interface WebPushText {
  title?: string;
  body?: string;
  tag: string;
  badge: number;
  withdrawn?: boolean;
}

interface Subscriber {
  keys: ECDH;
  auth: Buffer;
}

/**
 * A push service (RFC 8030) and the browsers behind it: it checks the sender's token (RFC 8292), the headers and the size, and
 * decrypts each message as the browser does (RFC 8291).
 */
export class FakeWebPush {
  /** by subscription and tag: what the browsers show */
  readonly banners = new Map<string, WebPushText>();
  readonly badges = new Map<string, number>();
  readonly misbehaviours: WebPushMisbehaviour[] = [];
  /** why it has refused */
  readonly refusals: string[] = [];
  accepted = 0;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #senderKey: string;
  readonly #now: () => number;
  readonly #server: https.Server;
  readonly #sockets = new Set<Duplex>();

  /**
   * @param senderKey with which browsers have subscribed: an uncompressed point, base64url
   * @param now unix milliseconds
   */
  static async start(senderKey: string, now: () => number = Date.now): Promise<FakeWebPush> {
    const fake = new FakeWebPush(senderKey, now);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  private constructor(senderKey: string, now: () => number) {
    this.#senderKey = senderKey;
    this.#now = now;
    const { certFile, keyFile } = certificateFiles('first');
    this.#server = https.createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (request, response) => {
        this.#serve(request, response).catch(() => response.destroy());
      },
    );
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** its certificate, which is its authority's, too */
  get ca(): string {
    return readFileSync(certificateFiles('first').certFile, 'utf8');
  }

  /** A browser subscribes. @returns its subscription, as JSON */
  subscribe(name: string): string {
    const keys = createECDH('prime256v1');
    const p256dh = keys.generateKeys().toString('base64url');
    const auth = randomBytes(16);
    this.#subscribers.set(name, { keys, auth });
    return JSON.stringify({
      endpoint: `${this.origin}/push/${name}`,
      keys: { p256dh, auth: auth.toString('base64url') },
    });
  }

  unsubscribe(name: string): void {
    this.#subscribers.delete(name);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const misbehaviour = this.misbehaviours.shift();
    if (misbehaviour === 'break') return void request.socket.destroy();
    if (misbehaviour === 'silence') return;
    if (misbehaviour?.retryAfter !== undefined) response.setHeader('retry-after', misbehaviour.retryAfter);
    const status = misbehaviour?.status ?? this.#take(request, Buffer.concat(chunks));
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
    const text = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(decrypt(body, subscriber)),
    ) as WebPushText;
    this.badges.set(name, text.badge);
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

function decrypt(body: Buffer, { keys, auth }: Subscriber): Buffer {
  const salt = body.subarray(0, 16);
  const keyLength = body.readUInt8(20);
  const sender = body.subarray(21, 21 + keyLength);
  const record = body.subarray(21 + keyLength);
  const shared = keys.computeSecret(sender);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), sender]);
  const input = Buffer.from(hkdfSync('sha256', shared, auth, info, 32));
  const key = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: aes128gcm\0', 16));
  const nonce = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: nonce\0', 12));
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2));
}
