import { createHash, timingSafeEqual } from 'node:crypto';
import { hash } from '@node-rs/argon2';

/** Cost parameters of argon2id. */
export interface Argon2Cost {
  memoryKib: number;
  iterations: number;
}

/** The cost recommended by OWASP for argon2id with one thread. */
export const defaultArgon2Cost: Argon2Cost = { memoryKib: 19_456, iterations: 2 };

/** What clients send in place of a password: its MD5 in lower-case hex (client-behaviour.md#passwords). */
export function clientDigest(password: string): string {
  return createHash('md5').update(password).digest('hex');
}

/** Whether the text has the form of a client's digest. */
export function isClientDigest(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/**
 * The stored form of a client's digest: argon2id with a random salt, in PHC notation.
 * @param digest from clientDigest
 */
export function hashDigest(digest: string, { memoryKib, iterations }: Argon2Cost): Promise<string> {
  return hash(digest, { memoryCost: memoryKib, timeCost: iterations, parallelism: 1 });
}

/** The stored form of a password in plain text. */
export function hashPassword(password: string, cost: Argon2Cost = defaultArgon2Cost): Promise<string> {
  return hashDigest(clientDigest(password), cost);
}

/** Whether a stored argon2 hash is cheaper than `cost`, as memory times iterations. */
export function isCheaperThan(storedHash: string, { memoryKib, iterations }: Argon2Cost): boolean {
  const [, memory, passes] = /^\$argon2id?\$v=\d+\$m=(\d+),t=(\d+),/.exec(storedHash) ?? [];
  return memory !== undefined && Number(memory) * Number(passes) < memoryKib * iterations;
}

/** Checks the stored form of a legacy database: md5(digest + salt) in hex. */
export function legacyHashMatches(storedHash: string, salt: string, digest: string): boolean {
  const expected = Buffer.from(createHash('md5').update(digest).update(salt).digest('hex'));
  const stored = Buffer.from(storedHash.toLowerCase());
  return stored.length === expected.length && timingSafeEqual(stored, expected);
}
