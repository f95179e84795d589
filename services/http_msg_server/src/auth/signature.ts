import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The headers of a signed request. */
export interface SignatureHeaders {
  readonly app: string;
  /** Unix seconds, as sent */
  readonly time: string;
  /** unique per request */
  readonly nonce: string;
  /** lower-case hex */
  readonly signature: string;
}

export interface SignedRequest {
  readonly method: string;
  /** path and query as sent */
  readonly target: string;
  readonly body: Uint8Array;
}

/** Seconds a request's time may differ from this server's clock. */
const maxAgeSeconds = 300;
/** Bytes of a nonce at most. */
const maxNonceBytes = 64;

/** The signature headers; undefined when the request is not signed. */
export function signatureHeadersOf(get: (name: string) => string | undefined): SignatureHeaders | undefined {
  const signature = get('x-teamtalk-signature');
  if (signature === undefined) return undefined;
  return {
    app: get('x-teamtalk-app') ?? '',
    time: get('x-teamtalk-time') ?? '',
    nonce: get('x-teamtalk-nonce') ?? '',
    signature,
  };
}

/**
 * Whether a request is signed with the key: HMAC-SHA256 over method, target, time, nonce and the SHA-256 of the body
 * (hex), joined by line feeds. The caller has to check that the nonce is new.
 * @param now Unix seconds
 */
export function isSigned(
  { time, nonce, signature }: SignatureHeaders,
  { method, target, body }: SignedRequest,
  key: Uint8Array,
  now = Date.now() / 1000,
): boolean {
  if (!/^\d{1,12}$/.test(time) || Math.abs(now - Number(time)) > maxAgeSeconds) return false;
  if (nonce === '' || Buffer.byteLength(nonce) > maxNonceBytes) return false;
  const bodyDigest = createHash('sha256').update(body).digest('hex');
  const expected = createHmac('sha256', key)
    .update([method, target, time, nonce, bodyDigest].join('\n'))
    .digest('hex');
  return (
    signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  );
}
