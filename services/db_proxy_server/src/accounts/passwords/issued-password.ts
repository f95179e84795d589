import { randomBytes } from 'node:crypto';
import { type Argon2Cost, hashPassword } from './password.js';

/** No letter that looks like a digit, and none that a spreadsheet takes for something else than text. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Next to nothing: no search finds 100 random bits, however little a guess costs. One more than the least that can be
 * configured, by which they are told from others.
 */
const cost: Argon2Cost = { memoryKib: 9, iterations: 1 };

/** How the hashes of issued passwords begin. A good login replaces them by one at the configured cost. */
export const issuedPrefix = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.iterations},p=1$`;

/** A random password of 100 bits, as people can type it: `4k0vz-19mxq-…`; and what is stored of it. */
export async function issuePassword(): Promise<{ password: string; hash: string }> {
  const text = Array.from(randomBytes(20), (byte) => digits[byte & 31]).join('');
  const password = text.replaceAll(/.{5}(?=.)/g, '$&-');
  return { password, hash: await hashPassword(password, cost) };
}

/** Whether a stored hash is that of an issued password, which nobody has logged in with yet. */
export function isIssued(storedHash: string): boolean {
  return storedHash.startsWith(issuedPrefix);
}
