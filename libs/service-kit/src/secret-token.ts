import { createHash, randomBytes } from 'node:crypto';

/** What a system shows to be let in. It is shown once, and only its hash is stored. */
export interface SecretToken {
  /** 256 random bits, base64url */
  token: string;
  hash: Buffer;
}

export function newToken(): SecretToken {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: tokenHash(token) };
}

/** SHA-256. A fast hash suffices, since a token has 256 random bits; for the same reason the timing of a look-up by it tells nothing. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
