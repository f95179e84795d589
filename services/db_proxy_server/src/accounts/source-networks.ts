import type { Database, Statement } from '../database/database.js';
import { purgeInBatches } from '../database/purge-in-batches.js';

/** Networks stored for one user; a new one replaces the one with the oldest login. */
const maxNetworks = 32;

const remember: Statement = {
  name: 'login_place_remember',
  text: `
    WITH crowded_out AS (
      DELETE FROM login_place WHERE user_id = $1 AND place IN (
        SELECT place FROM login_place WHERE user_id = $1 AND place <> $2 ORDER BY last_at DESC OFFSET $3))
    INSERT INTO login_place (user_id, place) VALUES ($1, $2)
    ON CONFLICT (user_id, place) DO UPDATE SET last_at = now()`,
};

const purge: Statement = {
  name: 'login_place_purge',
  text: `
    DELETE FROM login_place WHERE (user_id, place) IN (
      SELECT user_id, place FROM login_place WHERE last_at < now() - make_interval(days => $1)
      ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING user_id`,
};

/** Networks users have logged in from. Failures from other networks do not lock a user out of these. */
export class SourceNetworks {
  readonly #database: Database;
  readonly #memoryDays: number;

  /** @param memoryDays days without a login after which a network is removed */
  constructor(database: Database, memoryDays: number) {
    this.#database = database;
    this.#memoryDays = memoryDays;
  }

  /** @param network not empty */
  async remember(userId: number, network: string): Promise<void> {
    await this.#database.query(remember, [userId, network, maxNetworks - 1]);
  }

  /** Removes expired networks. @returns how many */
  purge(): Promise<number> {
    return purgeInBatches(this.#database, purge, [this.#memoryDays]);
  }
}
