import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * The public key of an uncompressed point on P-256.
 * @throws Error when it is none
 */
export function publicKeyOf(point: Buffer): KeyObject {
  if (point.length !== 65 || point[0] !== 4) throw new Error('no uncompressed point of P-256');
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', ...coordinates(point) }, format: 'jwk' });
}

/** The private key of a number of 32 bytes and its point. */
export function privateKeyOf(d: Buffer, point: Buffer): KeyObject {
  const jwk = { kty: 'EC', crv: 'P-256', d: d.toString('base64url'), ...coordinates(point) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** The uncompressed point of a key's public half. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(
    key.type === 'private'
      ? key.export({ type: 'pkcs8', format: 'pem' })
      : key.export({ type: 'spki', format: 'pem' }),
  ).export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

function coordinates(point: Buffer): { x: string; y: string } {
  return { x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
}
