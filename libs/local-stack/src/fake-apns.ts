import { type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { certificateFiles } from './certificates.js';

/** What the fake does with the next request in place of checking it. */
export type Misbehaviour =
  | { status: number; reason: string; timestamp?: number; retryAfter?: number }
  /** takes it, and ends the connection: it and earlier ones are answered, later ones are not */
  | 'goaway'
  /** ends the connection without an answer */
  | 'break'
  | 'reset-stream'
  /** never answers again on this connection */
  | 'half-open';

/** A banner on a phone. */
export interface Banner {
  token: string;
  apnsId: string;
  payload: {
    aps: { alert?: { title: string; body: string }; badge: number; 'content-available'?: number };
    custom: string;
    /** of an app that removes the banner */
    withdrawn?: boolean;
  };
}

export interface FakeApnsOptions {
  publicKey: KeyObject;
  keyId: string;
  teamId: string;
  topic: string;
  /** unix milliseconds */
  now?: () => number;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * APNs as its documentation describes it, and no more patient: it checks the provider token's signature and age, refuses new
 * ones within 20 minutes, and checks path, topic, push type, priority, expiration, collapse id, and payload.
 */
export class FakeApns {
  /** by token and collapse id: what the phones show, with an app that removes what is withdrawn */
  readonly banners = new Map<string, Banner>();
  /** by token */
  readonly badges = new Map<string, number>();
  /** requests that were answered 200, by apns-id */
  readonly accepted = new Map<string, number>();
  /** reasons it has given */
  readonly refusals: string[] = [];
  readonly misbehaviours: Misbehaviour[] = [];
  /** applied to every request while set */
  outage: Misbehaviour | undefined;
  /** number of accepted alert pushes, by token and collapse id */
  readonly rings = new Map<string, number>();
  connections = 0;
  readonly #options: FakeApnsOptions;
  readonly #server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #halfOpen = new WeakSet<ServerHttp2Session>();
  /** the last provider token with a valid signature */
  #genuine = '';
  /** when the last provider token was issued, unix seconds */
  #lastToken: number | undefined;

  static async start(options: FakeApnsOptions): Promise<FakeApns> {
    const fake = new FakeApns(options);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  private constructor(options: FakeApnsOptions) {
    this.#options = options;
    const { certFile, keyFile } = certificateFiles('first');
    this.#server = http2.createSecureServer({
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      settings: { maxConcurrentStreams: 100 },
    });
    this.#server.on('session', (session) => {
      this.connections++;
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
      session.on('error', () => {});
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      // Rejects when the client goes in the middle of a request.
      this.#serve(stream, headers).catch(() => {});
    });
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** its certificate, which is its authority's, too */
  get ca(): string {
    return readFileSync(certificateFiles('first').certFile, 'utf8');
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const session = stream.session as ServerHttp2Session;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (this.#halfOpen.has(session)) return;
    const misbehaviour = this.outage ?? this.misbehaviours.shift();
    if (misbehaviour === 'break') return session.destroy();
    if (misbehaviour === 'reset-stream') return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    if (misbehaviour === 'half-open') return void this.#halfOpen.add(session);
    if (misbehaviour === 'goaway') session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id as number);
    const scripted = typeof misbehaviour === 'object' ? misbehaviour : undefined;
    const refusal = scripted ?? this.#check(headers, Buffer.concat(chunks));
    const id = String(headers['apns-id'] ?? '');
    if (!refusal) {
      this.accepted.set(id, (this.accepted.get(id) ?? 0) + 1);
      stream.respond({ ':status': 200, 'apns-id': id });
      return void stream.end();
    }
    const { status, reason, timestamp, retryAfter } = refusal;
    this.refusals.push(reason);
    stream.respond({
      ':status': status,
      'apns-id': id,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    });
    stream.end(JSON.stringify({ reason, ...(timestamp !== undefined && { timestamp }) }));
  }

  /** Shows the banner, unless something is wrong. */
  #check(headers: IncomingHttpHeaders, body: Buffer): Exclude<Misbehaviour, string> | undefined {
    const refuse = (status: number, reason: string) => ({ status, reason });
    const token = /^\/3\/device\/([0-9a-f]{64,200})$/i.exec(String(headers[':path']))?.[1];
    if (!token) return refuse(400, 'BadDeviceToken');
    const unauthorised = this.#checkToken(String(headers.authorization ?? ''));
    if (unauthorised) return unauthorised;
    if (headers['apns-topic'] !== this.#options.topic) return refuse(400, 'TopicDisallowed');
    if (!uuid.test(String(headers['apns-id']))) return refuse(400, 'BadMessageId');
    if (headers['apns-push-type'] !== 'alert') return refuse(400, 'InvalidPushType');
    if (!['10', '5'].includes(String(headers['apns-priority']))) return refuse(400, 'BadPriority');
    if (!/^\d{1,11}$/.test(String(headers['apns-expiration']))) return refuse(400, 'BadExpirationDate');
    const collapseId = String(headers['apns-collapse-id'] ?? '');
    if (Buffer.byteLength(collapseId) > 64) return refuse(400, 'BadCollapseId');
    if (body.length === 0) return refuse(400, 'PayloadEmpty');
    if (body.length > 4_096) return refuse(413, 'PayloadTooLarge');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const payload = JSON.parse(text) as Banner['payload'];
    const apnsId = String(headers['apns-id']);
    this.badges.set(token, payload.aps.badge);
    if (payload.withdrawn) this.banners.delete(`${token} ${collapseId}`);
    else this.banners.set(`${token} ${collapseId}`, { token, apnsId, payload });
    if (payload.aps.alert) {
      this.rings.set(`${token} ${collapseId}`, (this.rings.get(`${token} ${collapseId}`) ?? 0) + 1);
    }
    return undefined;
  }

  #checkToken(authorization: string): Exclude<Misbehaviour, string> | undefined {
    const { publicKey, keyId, teamId, now = Date.now } = this.#options;
    const refuse = (status: number, reason: string) => ({ status, reason });
    const text = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(authorization)?.[1];
    if (!text) return refuse(403, 'MissingProviderToken');
    const [header, claims, signature] = text.split('.') as [string, string, string];
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
    const { iss, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      iss: unknown;
      iat: number;
    };
    const genuine =
      text === this.#genuine ||
      verify(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
    if (genuine) this.#genuine = text;
    if (!genuine || alg !== 'ES256' || kid !== keyId || iss !== teamId) {
      return refuse(403, 'InvalidProviderToken');
    }
    const age = now() / 1_000 - iat;
    if (age > 3_600 || age < -60) return refuse(403, 'ExpiredProviderToken');
    const last = this.#lastToken;
    if (last !== undefined && last !== iat && Math.abs(iat - last) < 1_200)
      return refuse(429, 'TooManyProviderTokenUpdates');
    this.#lastToken = iat;
    return undefined;
  }
}
