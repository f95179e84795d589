import { createPrivateKey, type KeyObject } from 'node:crypto';
import { signedToken } from '../jwt.js';

/** Apple refuses tokens older than an hour, and new ones more often than every 20 minutes. */
const slotMs = 30 * 60_000;
const leastAgeMs = 20 * 60_000;

export interface ApnsKey {
  /** of the Apple developer account; 10 characters */
  teamId: string;
  keyId: string;
  /** the .p8 file: PKCS #8 in PEM, an EC key of curve P-256 */
  pem: string;
}

/**
 * The signed token that authenticates requests to APNs. It is issued at each half of an hour by the clock: then all replicas have
 * the same, and Apple does not see one that changes with each of them.
 */
export class ProviderToken {
  readonly #keyId: string;
  readonly #teamId: string;
  readonly #key: KeyObject;
  readonly #now: () => number;
  #token = '';
  #issuedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param now unix milliseconds
   * @throws Error when the key is not an EC key of curve P-256
   */
  constructor({ teamId, keyId, pem }: ApnsKey, now: () => number = Date.now) {
    this.#key = createPrivateKey(pem);
    if (this.#key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error('the key of APNs must be an EC key of curve P-256');
    }
    this.#keyId = keyId;
    this.#teamId = teamId;
    this.#now = now;
  }

  get value(): string {
    const slot = Math.floor(this.#now() / slotMs) * slotMs;
    if (slot - this.#issuedAt >= leastAgeMs) this.#issue(slot);
    return this.#token;
  }

  /** To be called when Apple calls it expired. @returns whether there is a new one */
  renew(): boolean {
    if (this.#now() - this.#issuedAt < leastAgeMs) return false;
    this.#issue(this.#now());
    return true;
  }

  #issue(at: number): void {
    this.#issuedAt = at;
    const claims = { iss: this.#teamId, iat: Math.floor(at / 1_000) };
    this.#token = signedToken({ kid: this.#keyId }, claims, this.#key);
  }
}
