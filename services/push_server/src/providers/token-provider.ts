import { AccountRefused, CachedToken, type FetchedToken } from './cached-token.js';
import { type HttpsAnswer, HttpsClient, maxSockets } from './https-client.js';
import {
  answerMs,
  credentialsPauseMs,
  type Notification,
  type Outcome,
  type Provider,
  unanswered,
} from './provider.js';

interface HttpsRequest {
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
}

/** The protocol of a push service: a POST for each notification, usually with an access token fetched before. */
export interface TokenProtocol {
  readonly name: string;
  /**
   * Fetches an access token within `ms` milliseconds; left out: requests need none.
   * @throws AccountRefused when the credentials are wrong
   */
  readonly fetchToken?: (client: HttpsClient, ms: number) => Promise<FetchedToken>;
  /** The request to send, or the outcome of a notification that is not sent. @param token empty if none is needed */
  request(notification: Notification, token: string): HttpsRequest | Outcome;
  /** Interprets a response; undefined: the access token was refused. */
  outcomeOf(answer: HttpsAnswer, notification: Notification): Outcome | undefined;
}

/** How a push service is reached. */
export interface Reach {
  /** CA certificates in PEM that replace the system's; undefined: the system's */
  ca?: string | undefined;
  /** HTTP proxy; undefined: none */
  proxy?: URL | undefined;
  /** current time, unix milliseconds */
  now?: () => number;
  answerMs?: number;
}

/** A provider that uses such a protocol. */
export class TokenProvider implements Provider {
  readonly name: string;
  readonly concurrency = maxSockets;
  readonly #protocol: TokenProtocol;
  readonly #client: HttpsClient;
  readonly #token: CachedToken | undefined;
  readonly #answerMs: number;

  constructor(protocol: TokenProtocol, { ca, proxy, now = Date.now, answerMs: ms = answerMs }: Reach) {
    this.name = protocol.name;
    this.#protocol = protocol;
    this.#client = new HttpsClient({ ca, proxy, now, answerMs: ms });
    const { fetchToken } = protocol;
    this.#token = fetchToken && new CachedToken((left) => fetchToken(this.#client, left), now);
    this.#answerMs = ms;
  }

  async send(notification: Notification): Promise<Outcome> {
    if (notification.token === '') return { kind: 'gone', reason: 'no token' };
    try {
      const end = performance.now() + this.#answerMs;
      // Retried once with a new access token, because one may be revoked before it expires.
      return (await this.#attempt(notification, end)) ?? (await this.#attempt(notification, end)) ?? refused;
    } catch (error) {
      if (error instanceof AccountRefused) {
        return { kind: 'blocked', reason: error.message, afterMs: credentialsPauseMs };
      }
      return unanswered(error);
    }
  }

  async stop(): Promise<void> {
    this.#client.close();
  }

  /** @returns undefined: the access token was refused */
  async #attempt(notification: Notification, end: number): Promise<Outcome | undefined> {
    const left = () => Math.max(1, end - performance.now());
    const token = (await this.#token?.value(left())) ?? '';
    const request = this.#protocol.request(notification, token);
    if ('kind' in request) return request;
    const answer = await this.#client.post(request.url, request.headers, request.body, left());
    const outcome = this.#protocol.outcomeOf(answer, notification);
    if (outcome === undefined) this.#token?.drop(token);
    return outcome;
  }
}

const refused: Outcome = { kind: 'blocked', reason: 'UNAUTHENTICATED', afterMs: credentialsPauseMs };
