import type { Notification, Outcome, Provider } from '../provider.js';
import { answerMs, collapseIdOf, unanswered } from '../provider.js';
import { outcomeOf } from './apns-answer.js';
import { ApnsConnection, type ApnsServer } from './apns-connection.js';
import { apnsPayload } from './apns-payload.js';
import { type ApnsKey, ProviderToken } from './provider-token.js';

export interface ApnsOptions {
  server: ApnsServer;
  key: ApnsKey;
  /** bundle id of apps that do not say theirs */
  topic: string;
  /** unix milliseconds */
  now?: () => number;
  answerMs?: number;
}

/** A token of a device: 32 to 100 bytes in hexadecimal. */
const deviceToken = /^([0-9a-f]{2}){32,100}$/i;

/** The Apple Push Notification service: HTTP/2 with a signed provider token. */
export class Apns implements Provider {
  readonly name = 'apns';
  readonly #options: ApnsOptions;
  readonly #connection: ApnsConnection;
  readonly #token: ProviderToken;

  /** @throws Error when the key cannot be read */
  constructor(options: ApnsOptions) {
    this.#options = options;
    this.#connection = new ApnsConnection(options.server, options.answerMs ?? answerMs);
    this.#token = new ProviderToken(options.key, options.now);
  }

  async send(notification: Notification): Promise<Outcome> {
    if (!deviceToken.test(notification.token)) return { kind: 'gone', reason: 'BadDeviceToken' };
    const end = performance.now() + (this.#options.answerMs ?? answerMs);
    const outcome = await this.#attempt(notification, end);
    if (outcome.kind !== 'blocked' || outcome.reason !== 'ExpiredProviderToken') return outcome;
    // The clocks differ, or the process was suspended.
    return this.#token.renew() ? this.#attempt(notification, end) : outcome;
  }

  async stop(): Promise<void> {
    this.#connection.close();
  }

  async #attempt(notification: Notification, end: number): Promise<Outcome> {
    const payload = apnsPayload(notification);
    const { app } = notification;
    const ownTopic = app !== '' && app !== this.#options.topic;
    try {
      const ms = Math.max(1, Math.ceil(end - performance.now()));
      return outcomeOf(await this.#connection.request(this.#headers(notification), payload, ms), ownTopic);
    } catch (error) {
      return unanswered(error);
    }
  }

  #headers(notification: Notification): Record<string, string> {
    const { id, token, app, expiresAt, alert } = notification;
    return {
      ':path': `/3/device/${token}`,
      authorization: `bearer ${this.#token.value}`,
      'apns-id': id,
      'apns-topic': app || this.#options.topic,
      'apns-push-type': 'alert',
      'apns-priority': alert ? '10' : '5',
      'apns-expiration': String(Math.floor(expiresAt / 1_000)),
      'apns-collapse-id': collapseIdOf(notification),
      'content-type': 'application/json',
    };
  }
}
