import { HttpsClient } from '../https-client.js';
import { answerMs, type Notification, type Outcome, type Provider, unanswered } from '../provider.js';
import { AccessToken, AccountRefused, type ServiceAccount } from './access-token.js';
import { credentialsPauseMs, outcomeOf } from './fcm-answer.js';
import { fcmMessage } from './fcm-message.js';

export interface FcmOptions {
  /** https://fcm.googleapis.com */
  origin: string;
  account: ServiceAccount;
  /** authorities in PEM in place of the system's; undefined: the system's */
  ca?: string | undefined;
  /** unix milliseconds */
  now?: () => number;
  answerMs?: number;
}

/** Firebase Cloud Messaging, HTTP v1: JSON, with the access token of a service account. */
export class Fcm implements Provider {
  readonly name = 'fcm';
  readonly #client: HttpsClient;
  readonly #token: AccessToken;
  readonly #url: URL;
  readonly #now: () => number;
  readonly #answerMs: number;

  /** @throws Error when the account's key cannot be read */
  constructor({ origin, account, ca, now = Date.now, answerMs: ms = answerMs }: FcmOptions) {
    this.#client = new HttpsClient({ ca, now });
    this.#token = new AccessToken(account, this.#client, now);
    this.#url = new URL(`/v1/projects/${encodeURIComponent(account.projectId)}/messages:send`, origin);
    this.#now = now;
    this.#answerMs = ms;
  }

  async send(notification: Notification): Promise<Outcome> {
    if (notification.token === '') return { kind: 'gone', reason: 'no token' };
    try {
      const body = fcmMessage(notification, this.#now());
      const end = performance.now() + this.#answerMs;
      // A token may have been revoked before its end: once, with a new one.
      return (await this.#attempt(body, end)) ?? (await this.#attempt(body, end)) ?? refused;
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

  /** @returns undefined: the access token is refused */
  async #attempt(body: Buffer, end: number): Promise<Outcome | undefined> {
    const token = await this.#token.value(Math.max(1, end - performance.now()));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await this.#client.post(this.#url, headers, body, Math.max(1, end - performance.now()));
    const outcome = outcomeOf(answer);
    if (answer.status !== 401 || outcome.kind !== 'blocked') return outcome;
    this.#token.drop(token);
    return undefined;
  }
}

const refused: Outcome = { kind: 'blocked', reason: 'UNAUTHENTICATED', afterMs: credentialsPauseMs };
