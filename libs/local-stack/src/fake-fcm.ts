import { type KeyObject, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, FakeHttps } from './fake-https.js';

/** What the fake does with the next message in place of checking it. */
export type FcmMisbehaviour =
  | { status: number; error: string; code?: string; retryAfter?: string }
  /** ends the connection without an answer */
  | 'break'
  /** never answers */
  | 'silence'
  /** what a proxy in front of it may say */
  | 'no-json';

interface FcmMessage {
  token: string;
  data: Record<string, string>;
  notification?: { title: string; body: string };
  android: { collapse_key?: string; priority: string; ttl: string; notification?: { tag: string } };
}

export interface FakeFcmOptions {
  publicKey: KeyObject;
  projectId: string;
  clientEmail: string;
  /** life of an access token, seconds */
  tokenSeconds?: number;
  /** unix milliseconds */
  now?: () => number;
}

const granted = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const scope = 'https://www.googleapis.com/auth/firebase.messaging';

/**
 * FCM's HTTP v1 and Google's token endpoint as their documentation describes them: it checks the assertion's signature, scope and
 * times, the access token's age, and each message's form and size.
 */
export class FakeFcm extends FakeHttps {
  /** by token and tag: what the phones show, with an app that removes what is withdrawn */
  readonly banners = new Map<string, FcmMessage>();
  /** by token */
  readonly badges = new Map<string, number>();
  /** collapse keys of data without a banner, by token: FCM keeps four for an offline phone */
  readonly collapseKeys = new Map<string, Set<string>>();
  readonly misbehaviours: FcmMisbehaviour[] = [];
  /** reasons it has given */
  readonly refusals: string[] = [];
  accepted = 0;
  /** access tokens it has issued, with the time of each, unix milliseconds */
  readonly issued = new Map<string, number>();
  readonly #options: FakeFcmOptions;

  static start(options: FakeFcmOptions): Promise<FakeFcm> {
    return new FakeFcm(options).listen();
  }

  private constructor(options: FakeFcmOptions) {
    super();
    this.#options = options;
  }

  get tokenUri(): string {
    return `${this.origin}/token`;
  }

  /** Revokes all access tokens. */
  revoke(): void {
    for (const token of this.issued.keys()) this.issued.set(token, Number.NEGATIVE_INFINITY);
  }

  protected serve(request: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
    const body = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (request.url === '/token') return void this.#grant(request, body, response);
    const misbehaviour = this.misbehaviours.shift();
    if (misbehaviour === 'break') return void request.socket.destroy();
    if (misbehaviour === 'silence') return;
    if (misbehaviour === 'no-json') return void response.writeHead(502).end('<html>Bad Gateway</html>');
    const refusal = misbehaviour ?? this.#check(request, body);
    if (!refusal) {
      this.accepted++;
      return void answerJson(response, 200, {
        name: `projects/${this.#options.projectId}/messages/${this.accepted}`,
      });
    }
    const { status, error, code, retryAfter } = refusal;
    this.refusals.push(code ?? error);
    const details = code && [
      { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code },
    ];
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    answerJson(response, status, {
      error: { code: status, message: error, status: error.split(':')[0], ...(details && { details }) },
    });
  }

  #grant(request: IncomingMessage, body: string, response: ServerResponse): void {
    const { now = Date.now, tokenSeconds = 3_600 } = this.#options;
    const error = this.#grantError(request, new URLSearchParams(body));
    if (error) {
      this.refusals.push(error);
      answerJson(response, 400, { error });
      return;
    }
    const token = `ya29.${this.issued.size}`;
    this.issued.set(token, now());
    answerJson(response, 200, { access_token: token, expires_in: tokenSeconds, token_type: 'Bearer' });
  }

  #grantError({ headers }: IncomingMessage, form: URLSearchParams): string | undefined {
    const { clientEmail, now = Date.now } = this.#options;
    if (headers['content-type'] !== 'application/x-www-form-urlencoded') return 'invalid_request';
    if (form.get('grant_type') !== granted) return 'unsupported_grant_type';
    const claims = this.#claimsOf(form.get('assertion') ?? '');
    if (!claims || claims.iss !== clientEmail || claims.aud !== this.tokenUri) return 'invalid_grant';
    if (claims.scope !== scope) return 'invalid_scope';
    const [iat, exp, seconds] = [Number(claims.iat), Number(claims.exp), now() / 1_000];
    return iat > seconds + 60 || exp < seconds || exp - iat > 3_600 ? 'invalid_grant' : undefined;
  }

  #claimsOf(assertion: string): Record<string, unknown> | undefined {
    const [header = '', claims = '', signature = ''] = assertion.split('.');
    const parsed = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const genuine = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      this.#options.publicKey,
      Buffer.from(signature, 'base64url'),
    );
    return genuine && parsed(header).alg === 'RS256' ? parsed(claims) : undefined;
  }

  /** Shows the banner, unless something is wrong. */
  #check(request: IncomingMessage, body: string): Exclude<FcmMisbehaviour, string> | undefined {
    const { projectId, now = Date.now, tokenSeconds = 3_600 } = this.#options;
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const issuedAt = this.issued.get(bearer) ?? Number.NEGATIVE_INFINITY;
    if (now() - issuedAt > tokenSeconds * 1_000) return { status: 401, error: 'UNAUTHENTICATED' };
    if (request.url !== `/v1/projects/${projectId}/messages:send`) return { status: 404, error: 'NOT_FOUND' };
    const { message } = JSON.parse(body) as { message: FcmMessage };
    const invalid = (what: string) => ({
      status: 400,
      error: `INVALID_ARGUMENT: ${what}`,
      code: 'INVALID_ARGUMENT',
    });
    if (!/^[\w:-]{8,}$/.test(message.token)) return invalid('The registration token is not valid');
    const { data, notification, android } = message;
    if (Object.values(data).some((value) => typeof value !== 'string')) return invalid('data');
    if (Object.keys(data).some((name) => /^(from|message_type|google.*|gcm.*)$/.test(name))) {
      return invalid('data key');
    }
    if (!/^\d+s$/.test(android.ttl) || Number.parseInt(android.ttl, 10) > 2_419_200) return invalid('ttl');
    if (!['HIGH', 'NORMAL'].includes(android.priority)) return invalid('priority');
    if (Buffer.byteLength(JSON.stringify({ data, notification })) > 4_096)
      return invalid('Message is too big');
    if (!notification && android.collapse_key !== undefined) {
      const keys = this.collapseKeys.get(message.token) ?? new Set();
      this.collapseKeys.set(message.token, keys.add(android.collapse_key));
    }
    const banner = `${message.token} ${data.tag}`;
    this.badges.set(message.token, Number(data.badge));
    if (data.withdrawn === 'true') this.banners.delete(banner);
    else if (notification) this.banners.set(banner, message);
    return undefined;
  }
}
