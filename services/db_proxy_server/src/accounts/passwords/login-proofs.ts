import { timingSafeEqual } from 'node:crypto';
import type { Kit } from '@teamtalk/service-kit';
import type { Database, Statement } from '../../database/database.js';
import type { ProofKey } from './proof-key.js';

const keep: Statement = {
  name: 'login_proof_keep',
  text: `
    INSERT INTO login_proof (user_id, mac) VALUES ($1, $2)
    ON CONFLICT (user_id) DO UPDATE SET mac = excluded.mac`,
};

/**
 * Proofs that a user's password was good, so that a repeated login needs no argon2: all clients of a msg_server that died
 * log in again at once. A changed hash invalidates a proof.
 */
export class LoginProofs {
  readonly #database: Database;
  readonly #key: ProofKey;
  readonly #kit: Kit;

  constructor(database: Database, key: ProofKey, kit: Kit) {
    this.#database = database;
    this.#key = key;
    this.#kit = kit;
  }

  /** @param proof as stored with the user */
  isProven(userId: number, digest: string, storedHash: string, proof: Buffer): boolean {
    const mac = this.#key.mac(userId, digest, storedHash);
    return proof.length === mac.length && timingSafeEqual(proof, mac);
  }

  /** Stores that the password was good. Never throws: the next login is checked again then. */
  async keep(userId: number, digest: string, storedHash: string): Promise<void> {
    try {
      await this.#database.query(keep, [userId, this.#key.mac(userId, digest, storedHash)]);
    } catch (error) {
      this.#kit.log.warn({ err: error, userId }, 'login proof not stored');
    }
  }
}
