import type { Kit } from '@teamtalk/service-kit';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { isStorableText } from '../database/text.js';
import { userHasLeft } from '../entities/index.js';

// Without it, two users who send the same token concurrently would deadlock on each other's row.
const lock: Statement = {
  name: 'device_token_lock',
  text: 'SELECT pg_advisory_xact_lock(hashtextextended(lower($1), 29813))',
};

const take: Statement = {
  name: 'device_token_take',
  text: 'DELETE FROM device_token WHERE token = $3 AND (user_id, client_type) <> ($1::int4, $2::int2)',
};

// The trigger of device_token keeps push_device in step.
const set: Statement = {
  name: 'device_token_set',
  text: `
    INSERT INTO device_token (user_id, client_type, token)
    SELECT id, $2::int2, $3::text FROM im_user WHERE id = $1 AND status <> ${userHasLeft}
    ON CONFLICT (user_id, client_type) DO UPDATE SET token = excluded.token, updated_at = now()
    RETURNING user_id`,
};

const nameVersion: Statement = {
  name: 'push_device_version',
  text: `
    UPDATE push_device SET client_version = $3 WHERE user_id = $1 AND client_type = $2 AND by_command
    RETURNING provider, failure`,
};

const forget: Statement = {
  name: 'device_token_forget',
  text: 'DELETE FROM device_token WHERE user_id = $1 AND client_type = $2 RETURNING user_id',
};

/** Longest version of a client, characters. */
const maxVersionLength = 64;
/** Most client versions whose unusable tokens are logged, one line each. */
const maxLoggedVersions = 100;

/** Devices that push reaches, as clients announce them by 0x0108. */
export class PushDevices {
  readonly #database: Database;
  readonly #kit: Kit;
  readonly #received;
  readonly #logged = new Set<string>();

  constructor(database: Database, kit: Kit) {
    this.#database = database;
    this.#kit = kit;
    this.#received = kit.metrics.counter(
      'device_tokens_total',
      'Device tokens that clients sent, by provider, and whether push can use them',
      ['provider', 'usable'],
    );
  }

  /**
   * Sets the token of a user's client of this type. A token identifies a device, which one user has at a time, so it
   * is removed from its former user.
   * @returns whether push can use the token; undefined: there is no such user, or they are disabled
   */
  async set(
    userId: number,
    clientType: number,
    token: string,
    clientVersion: string,
  ): Promise<{ usable: boolean } | undefined> {
    if (!isStorableId(userId)) return undefined;
    const version = isStorableText(clientVersion, maxVersionLength) ? clientVersion : '';
    const device = await this.#database.transaction('device_token', async (query) => {
      await query(lock, [token]);
      const values = [userId, clientType, token];
      if ((await query(set, values)).length === 0) return undefined;
      await query(take, values);
      const [row] = await query<{ provider: string; failure: string | null }>(nameVersion, [
        userId,
        clientType,
        version,
      ]);
      return row;
    });
    if (!device) return undefined;
    const usable = device.failure === null;
    this.#count(device.provider, usable, version);
    return { usable };
  }

  /** @returns whether there was one */
  async forget(userId: number, clientType: number): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    return (await this.#database.query(forget, [userId, clientType])).length > 0;
  }

  #count(provider: string, usable: boolean, clientVersion: string): void {
    this.#received.inc({ provider, usable: String(usable) });
    if (usable || this.#logged.has(clientVersion) || this.#logged.size >= maxLoggedVersions) return;
    this.#logged.add(clientVersion);
    this.#kit.log.warn({ clientVersion, provider }, 'device token unusable; its client gets no push');
  }
}
