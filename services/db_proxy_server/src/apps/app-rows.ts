import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

export interface AppRow {
  id: number;
  name: string;
  key_hash: Buffer | null;
  signing_key: Buffer | null;
  permissions: string[];
  addresses: string[];
  user_id: number | null;
  rate: number | null;
}

const all: Statement = {
  name: 'apps',
  text: `
    SELECT id, name, key_hash, signing_key, permissions, addresses::text[] AS addresses, user_id, rate
    FROM app WHERE revoked_at IS NULL ORDER BY id`,
};

const noteUses: Statement = {
  name: 'app_note_uses',
  text: `
    UPDATE app SET used_at = now()
    WHERE id = ANY ($1::int4[]) AND (used_at IS NULL OR used_at < now() - interval '1 minute')
    RETURNING id`,
};

const useNonce: Statement = {
  name: 'app_use_nonce',
  text: `
    INSERT INTO app_nonce (app_id, nonce) SELECT id, $2 FROM app WHERE id = $1
    ON CONFLICT DO NOTHING RETURNING app_id`,
};

// Twice the allowed clock skew of a signed request: see http_msg_server's signature check.
const purgeNonces: Statement = {
  name: 'app_purge_nonces',
  text: `DELETE FROM app_nonce WHERE used_at < now() - interval '20 minutes' RETURNING app_id`,
};

/** Apps that may call the HTTP API. */
export class Apps {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Apps that are not revoked. */
  all(): Promise<AppRow[]> {
    return this.#database.query<AppRow>(all, []);
  }

  /** Notes that these apps have called just now, to the minute. */
  async noteUses(appIds: readonly number[]): Promise<void> {
    if (appIds.length > 0) await this.#database.query(noteUses, [appIds.filter(isStorableId)]);
  }

  /** @returns whether the nonce is new */
  async useNonce(appId: number, nonce: Uint8Array): Promise<boolean> {
    return (await this.#database.query(useNonce, [appId, Buffer.from(nonce)])).length > 0;
  }

  /** @returns the number of removed nonces */
  async purgeNonces(): Promise<number> {
    return (await this.#database.query(purgeNonces, [])).length;
  }
}
