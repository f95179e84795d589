import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Remembers which credentials have been checked, so that a user who logs in again (all clients of a
 * msg_server that died do so at once) costs no argon2. What is kept is a MAC over what the client sent and
 * the stored hash, under a key that never leaves this process; when the hash in the database changes,
 * nothing matches any more.
 */
export class CredentialCache {
  readonly #key = randomBytes(32);
  readonly #max: number;
  /** By user id, least recently used first. */
  readonly #proofs = new Map<number, Buffer>();

  /** @param max users to remember */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#proofs.size;
  }

  has(userId: number, digest: string, storedHash: string): boolean {
    const proof = this.#proofs.get(userId);
    if (!proof || !timingSafeEqual(proof, this.#proof(digest, storedHash))) return false;
    this.#proofs.delete(userId);
    this.#proofs.set(userId, proof);
    return true;
  }

  add(userId: number, digest: string, storedHash: string): void {
    this.#proofs.delete(userId);
    this.#proofs.set(userId, this.#proof(digest, storedHash));
    if (this.#proofs.size <= this.#max) return;
    const oldest = this.#proofs.keys().next();
    if (!oldest.done) this.#proofs.delete(oldest.value);
  }

  #proof(digest: string, storedHash: string): Buffer {
    // The digest has no zero byte, so the two cannot run into one another.
    return createHmac('sha256', this.#key).update(digest).update('\0').update(storedHash).digest();
  }
}
