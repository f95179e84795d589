import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { type Bus, type teamtalk, topics } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import type { Database, Statement } from '../../database/database.js';
import { BoxKey, seal } from './sealed-box.js';

/** Milliseconds that another replica has to hand its key over; where there is none, NATS tells at once. */
const answerMs = 1_000;
/** Two replicas that start at once may each find that the other was quicker. */
const maxTries = 3;

const shared: Statement = { name: 'proof_key', text: 'SELECT fingerprint FROM login_proof_key' };

const replace: Statement = {
  name: 'proof_key_replace',
  text: `
    INSERT INTO login_proof_key AS k (fingerprint) VALUES ($1)
    ON CONFLICT (only_one) DO UPDATE SET fingerprint = excluded.fingerprint WHERE k.fingerprint = $2
    RETURNING fingerprint`,
};

const request: Statement = {
  name: 'proof_key_request',
  text: `
    WITH abandoned AS (DELETE FROM login_proof_request WHERE created_at < now() - interval '1 hour')
    INSERT INTO login_proof_request (id, public_key) VALUES ($1, $2)`,
};

const takeRequest: Statement = {
  name: 'proof_key_take_request',
  text: 'DELETE FROM login_proof_request WHERE id = $1 RETURNING public_key',
};

/**
 * The key of the login proofs. All replicas share one, which only their memory has: a replica that starts gets it from one
 * that runs, sealed to a public key that the starting one wrote into the database. So who gets it can write to the
 * database and is on the bus, as db_proxy_servers are; a copy of the database and all that the bus carries do not tell it.
 * With the last replica the key is gone.
 */
export class ProofKey {
  readonly #database: Database;
  readonly #kit: Kit;
  #key: Buffer = randomBytes(32);
  #answers = false;

  constructor(database: Database, kit: Kit) {
    this.#database = database;
    this.#kit = kit;
  }

  /** Shows that `digest` was good for `storedHash`, to whoever has the key. */
  mac(userId: number, digest: string, storedHash: string): Buffer {
    return createHmac('sha256', this.#key).update(`${userId}\0${digest}\0${storedHash}`).digest();
  }

  /**
   * Adopts the other replicas' key, and from then on gives it to replicas that ask. Waits for an answer for a second at
   * most. Never throws: without their key, first logins cost a password check.
   */
  async join(bus: Bus): Promise<void> {
    try {
      await this.#share(bus);
    } catch (error) {
      this.#kit.log.warn({ err: error }, 'key of login proofs not shared');
    }
    this.#answer(bus);
  }

  async #share(bus: Bus): Promise<void> {
    for (let tries = 0; tries < maxTries; tries++) {
      const [row] = await this.#database.query<{ fingerprint: Buffer }>(shared, []);
      if (row && (await this.#ask(bus, row.fingerprint))) return;
      // From the moment this key is the shared one, others ask for it.
      this.#answer(bus);
      const values = [fingerprintOf(this.#key), row?.fingerprint];
      if ((await this.#database.query(replace, values)).length > 0) return;
    }
  }

  #answer(bus: Bus): void {
    if (!this.#answers) bus.answer(topics.proofKey, (wanted) => this.#handOver(wanted));
    this.#answers = true;
  }

  /** @returns whether a replica that has the key of this fingerprint handed it over */
  async #ask(bus: Bus, fingerprint: Buffer): Promise<boolean> {
    const box = new BoxKey();
    const requestId = randomUUID();
    await this.#database.query(request, [requestId, box.publicKey]);
    return bus.requestMany(topics.proofKey, { requestId, fingerprint }, answerMs, ({ box: sealed }) => {
      const key = box.open(Buffer.from(sealed));
      if (!fingerprintOf(key).equals(fingerprint)) return false;
      this.#key = key;
      return true;
    });
  }

  async #handOver({
    requestId,
    fingerprint,
  }: teamtalk.bus.ProofKeyRequest): Promise<{ box: Buffer } | undefined> {
    if (!fingerprintOf(this.#key).equals(fingerprint)) return undefined;
    const [row] = await this.#database.query<{ public_key: Buffer }>(takeRequest, [requestId]);
    return row && { box: seal(this.#key, row.public_key) };
  }
}

function fingerprintOf(key: Buffer): Buffer {
  return createHash('sha256').update('login proofs').update(key).digest();
}
