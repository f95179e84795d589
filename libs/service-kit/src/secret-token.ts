import { createHash, randomBytes } from 'node:crypto';

/** A credential of a program. It is shown once, and only its hash is stored. */
export interface SecretToken {
  /** 256 random bits, base64url */
  token: string;
  hash: Buffer;
}

export function newToken(): SecretToken {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: tokenHash(token) };
}

/** SHA-256. With 256 random bits in a token, a fast hash suffices, and the timing of a look-up by it reveals nothing. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
