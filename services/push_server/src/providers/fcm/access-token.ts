import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { HttpsClient } from '../https-client.js';
import { signedToken } from '../jwt.js';

/** Of a service account's file. */
export interface ServiceAccount {
  projectId: string;
  clientEmail: string;
  /** PEM, RSA */
  privateKey: string;
  tokenUri: string;
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging';
/** Life that is asked for, seconds; Google gives no more. */
const lifeSeconds = 3_600;
/** A token is renewed that long before it ends, milliseconds. */
const marginMs = 5 * 60_000;

/** The token endpoint has refused the account. */
export class AccountRefused extends Error {}

/** The access token of a service account (RFC 7523), fetched once for all who wait for it, and again before it ends. */
export class AccessToken {
  readonly #account: ServiceAccount;
  readonly #key: KeyObject;
  readonly #client: HttpsClient;
  readonly #now: () => number;
  #token = '';
  #endsAt = 0;
  #fetching: Promise<void> | undefined;

  /** @throws Error when the key cannot be read, or is no RSA key */
  constructor(account: ServiceAccount, client: HttpsClient, now: () => number = Date.now) {
    this.#account = account;
    this.#key = createPrivateKey(account.privateKey);
    if (this.#key.asymmetricKeyType !== 'rsa')
      throw new Error('the key of a service account must be an RSA key');
    this.#client = client;
    this.#now = now;
  }

  /**
   * @throws AccountRefused
   * @throws Error when there is no answer within `ms`
   */
  async value(ms: number): Promise<string> {
    if (this.#now() >= this.#endsAt - Math.min(marginMs, this.#life / 2)) {
      this.#fetching ??= this.#fetch(ms).finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
    }
    return this.#token;
  }

  /** To be called when it is refused although it has not ended. */
  drop(token: string): void {
    if (this.#token === token) this.#endsAt = 0;
  }

  #life = 0;

  async #fetch(ms: number): Promise<void> {
    const { clientEmail: iss, tokenUri: aud } = this.#account;
    const iat = Math.floor(this.#now() / 1_000);
    const assertion = signedToken(
      { typ: 'JWT' },
      { iss, scope, aud, iat, exp: iat + lifeSeconds },
      this.#key,
    );
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    });
    const { status, body } = await this.#client.post(
      new URL(aud),
      { 'content-type': 'application/x-www-form-urlencoded' },
      Buffer.from(form.toString()),
      ms,
    );
    if (status >= 400 && status < 500 && status !== 429) throw new AccountRefused(reasonOf(body, status));
    if (status !== 200) throw new Error(`token endpoint: status ${status}`);
    const { access_token: token, expires_in: seconds } = JSON.parse(body) as Record<string, unknown>;
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || typeof seconds !== 'number') {
      throw new Error('token endpoint: no token');
    }
    this.#token = token;
    this.#life = seconds * 1_000;
    this.#endsAt = this.#now() + this.#life;
  }
}

function reasonOf(body: string, status: number): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string') return error.slice(0, 100);
  } catch {
    // Not JSON: the status says enough.
  }
  return `token endpoint: status ${status}`;
}
