import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Caches verified credentials, so that a repeated login needs no argon2: all clients of a msg_server that died log in
 * again at once. An entry is a MAC over the client's digest and the stored hash, with a key that never leaves this
 * process; a changed hash in the database invalidates it.
 */
export class CredentialCache {
  readonly #key = randomBytes(32);
  readonly #max: number;
  /** By user id, least recently used first. */
  readonly #proofs = new Map<number, Buffer>();

  /** @param max cached users */
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
    // The digest has no zero byte, so the boundary is unambiguous.
    return createHmac('sha256', this.#key).update(digest).update('\0').update(storedHash).digest();
  }
}
