import { randomBytes } from 'node:crypto';
import { type Argon2Cost, hashPassword } from './password.js';

/** No letters that look like digits, and nothing that makes a spreadsheet take a password for anything but text. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Minimal, since 100 random bits cannot be guessed however cheap a guess is. The memory is one KiB above the least that can be
 * configured, which distinguishes these hashes from all others.
 */
const cost: Argon2Cost = { memoryKib: 9, iterations: 1 };

/** Prefix of the hashes of issued passwords. A successful login replaces the hash by one at the configured cost. */
export const issuedPrefix = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.iterations},p=1$`;

/** A random password of 100 bits that is easy to type (`4k0vz-19mxq-…`), and its hash. */
export async function issuePassword(): Promise<{ password: string; hash: string }> {
  const text = Array.from(randomBytes(20), (byte) => digits[byte & 31]).join('');
  const password = text.replaceAll(/.{5}(?=.)/g, '$&-');
  return { password, hash: await hashPassword(password, cost) };
}

/** Whether a hash is that of an issued password with which nobody has logged in yet. */
export function isIssued(storedHash: string): boolean {
  return storedHash.startsWith(issuedPrefix);
}
