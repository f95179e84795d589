import { createHash, randomBytes } from 'node:crypto';

/** A URL-safe token of 256 random bits, and the hash that is stored. A fast hash suffices for that many bits. */
export function newToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOfToken(token) };
}

export function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
