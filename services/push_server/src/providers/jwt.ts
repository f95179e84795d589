import { type KeyObject, sign } from 'node:crypto';

/** A JSON Web Token (RFC 7519), signed with an EC key of curve P-256 (ES256) or an RSA key (RS256). */
export function signedToken(header: object, claims: object, key: KeyObject): string {
  const alg = key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
  const signed = `${encode({ alg, ...header })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
