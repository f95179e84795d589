import { AccountRefused, CachedToken, type FetchedToken } from './cached-token.js';
import { type HttpsAnswer, HttpsClient } from './https-client.js';
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

/** How one push service is spoken to: a POST for each notification, mostly with a token that is fetched before. */
export interface TokenProtocol {
  readonly name: string;
  /**
   * Fetches the token that requests carry, within so many milliseconds; left out: they need none.
   * @throws AccountRefused when the credentials are wrong
   */
  readonly fetchToken?: (client: HttpsClient, ms: number) => Promise<FetchedToken>;
  /** What is sent; or what becomes of a notification that is not. @param token empty where none is needed */
  request(notification: Notification, token: string): HttpsRequest | Outcome;
  /** What an answer means; undefined: the token is refused. */
  outcomeOf(answer: HttpsAnswer, notification: Notification): Outcome | undefined;
}

/** How it is reached. */
export interface Reach {
  /** authorities in PEM in place of the system's; undefined: the system's */
  ca?: string | undefined;
  /** HTTP proxy; undefined: none */
  proxy?: URL | undefined;
  /** unix milliseconds */
  now?: () => number;
  answerMs?: number;
}

/** A push service by its protocol. */
export class TokenProvider implements Provider {
  readonly name: string;
  readonly #protocol: TokenProtocol;
  readonly #client: HttpsClient;
  readonly #token: CachedToken | undefined;
  readonly #answerMs: number;

  constructor(protocol: TokenProtocol, { ca, proxy, now = Date.now, answerMs: ms = answerMs }: Reach) {
    this.name = protocol.name;
    this.#protocol = protocol;
    this.#client = new HttpsClient({ ca, proxy, now });
    const { fetchToken } = protocol;
    this.#token = fetchToken && new CachedToken((left) => fetchToken(this.#client, left), now);
    this.#answerMs = ms;
  }

  async send(notification: Notification): Promise<Outcome> {
    if (notification.token === '') return { kind: 'gone', reason: 'no token' };
    try {
      const end = performance.now() + this.#answerMs;
      // A token may have been revoked before its end: once, with a new one.
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

  /** @returns undefined: the token is refused */
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
