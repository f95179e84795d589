import { createPrivateKey, type KeyObject } from 'node:crypto';
import { signedToken } from '../jwt.js';
import { rawPublicKey } from './p256.js';

/** Life of a token, and of what is left of it when it is renewed, milliseconds; push services take 24 hours at most. */
const lifeMs = 12 * 3_600_000;
const leastLeftMs = 3_600_000;
/** Push services of which tokens are kept. */
const maxOrigins = 1_000;

/** Says to push services who sends (RFC 8292): a signed token for each of them. */
export class Vapid {
  readonly #key: KeyObject;
  readonly #publicKey: string;
  readonly #subject: string;
  readonly #now: () => number;
  readonly #tokens = new Map<string, { value: string; endsAt: number }>();

  /**
   * @param pem EC key of curve P-256, whose public half clients subscribe with
   * @param subject mailto: or https: address at which the push service reaches whoever runs this
   * @throws Error when the key is none
   */
  constructor(pem: string, subject: string, now: () => number = Date.now) {
    this.#key = createPrivateKey(pem);
    if (this.#key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error('the key of Web Push must be an EC key of curve P-256');
    }
    this.#publicKey = rawPublicKey(this.#key).toString('base64url');
    this.#subject = subject;
    this.#now = now;
  }

  /** The value of the Authorization header for an endpoint. */
  authorization({ origin }: URL): string {
    let token = this.#tokens.get(origin);
    if (!token || token.endsAt - this.#now() < leastLeftMs) {
      const endsAt = this.#now() + lifeMs;
      const claims = { aud: origin, exp: Math.floor(endsAt / 1_000), sub: this.#subject };
      token = { value: signedToken({ typ: 'JWT' }, claims, this.#key), endsAt };
      if (this.#tokens.size >= maxOrigins) this.#tokens.clear();
      this.#tokens.set(origin, token);
    }
    return `vapid t=${token.value}, k=${this.#publicKey}`;
  }
}
