import { verify } from 'node:crypto';
import { publicKeyOf } from '../providers/web-push/p256.js';

export interface SenderCheckOptions {
  /** public keys of those who may send: uncompressed points, base64url */
  senders: readonly string[];
  /** the push service's origin, as senders know it */
  origin: string;
  /** unix milliseconds */
  now?: () => number;
}

/** Longest validity of a token (RFC 8292), and tolerated clock skew, milliseconds. */
const maxLifeMs = 86_400_000;
const skewMs = 60_000;

/** Checks a sender's VAPID token (RFC 8292) against the configured keys. */
export class SenderCheck {
  readonly #options: SenderCheckOptions;

  constructor(options: SenderCheckOptions) {
    this.#options = options;
  }

  /**
   * @param authorization the Authorization header
   * @returns 401: no token; 403: an unknown key or an invalid token
   */
  refusal(authorization: string | undefined): 401 | 403 | undefined {
    const parameters = /^vapid (.+)$/i.exec(authorization ?? '')?.[1];
    if (parameters === undefined) return 401;
    const { t = '', k = '' } = Object.fromEntries(
      parameters.split(',').map((part) => part.trim().split(/=(.*)/s, 2) as [string, string]),
    );
    return this.#options.senders.includes(k) && this.#isGood(t, k) ? undefined : 403;
  }

  #isGood(token: string, key: string): boolean {
    const [header = '', claims = '', signature = '', ...rest] = token.split('.');
    const { origin, now = Date.now } = this.#options;
    try {
      const { alg } = decode(header) as { alg: unknown };
      const { aud, exp } = decode(claims) as { aud: unknown; exp: unknown };
      const endsAt = Number(exp) * 1_000;
      if (rest.length > 0 || alg !== 'ES256' || aud !== origin) return false;
      if (!(endsAt > now() - skewMs && endsAt <= now() + maxLifeMs + skewMs)) return false;
      return verify(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        { key: publicKeyOf(Buffer.from(key, 'base64url')), dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
    } catch {
      return false;
    }
  }
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
