import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

const works = `status <> ${userHasLeft}`;

/** Longest avatar URL of a user or a group, characters. */
export const maxAvatarLength = 1_024;

const setAvatar: Statement = {
  name: 'user_set_avatar',
  text: `UPDATE im_user SET avatar_url = $2 WHERE id = $1 AND ${works} RETURNING id`,
};

const setSignature: Statement = {
  name: 'user_set_signature',
  text: `UPDATE im_user SET sign_info = $2 WHERE id = $1 AND ${works} RETURNING id`,
};

const setPushShield: Statement = {
  name: 'user_set_push_shield',
  text: `UPDATE im_user SET push_shield = $2 WHERE id = $1 AND ${works} RETURNING id`,
};

const pushShield: Statement = {
  name: 'user_push_shield',
  text: 'SELECT push_shield FROM im_user WHERE id = $1',
};

const takeDeviceToken: Statement = {
  name: 'device_token_take',
  text: 'DELETE FROM device_token WHERE token = $3 AND (user_id, client_type) <> ($1::int4, $2::int2)',
};

const setDeviceToken: Statement = {
  name: 'device_token_set',
  text: `
    INSERT INTO device_token (user_id, client_type, token)
    SELECT id, $2::int2, $3::text FROM im_user WHERE id = $1 AND ${works}
    ON CONFLICT (user_id, client_type) DO UPDATE SET token = excluded.token, updated_at = now()
    RETURNING user_id`,
};

const forgetDeviceToken: Statement = {
  name: 'device_token_forget',
  text: 'DELETE FROM device_token WHERE user_id = $1 AND client_type = $2 RETURNING user_id',
};

/** Settings users change themselves. Each change resolves with whether the user exists and is not disabled. */
export class UserSettings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  setAvatar(userId: number, url: string): Promise<boolean> {
    return this.#change(setAvatar, userId, url);
  }

  setSignature(userId: number, text: string): Promise<boolean> {
    return this.#change(setSignature, userId, text);
  }

  setPushShield(userId: number, shield: boolean): Promise<boolean> {
    return this.#change(setPushShield, userId, shield);
  }

  /** The do-not-disturb switch; false for an unknown user. */
  async pushShield(userId: number): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    const [row] = await this.#database.query<{ push_shield: boolean }>(pushShield, [userId]);
    return row?.push_shield ?? false;
  }

  /**
   * Sets the token of a user's client of this type. A token identifies a device, which one user has at a time, so it
   * is removed from its former user.
   */
  async setDeviceToken(userId: number, clientType: number, token: string): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    return this.#database.transaction('device_token', async (query) => {
      const values = [userId, clientType, token];
      if ((await query(setDeviceToken, values)).length === 0) return false;
      await query(takeDeviceToken, values);
      return true;
    });
  }

  /** @returns whether there was one */
  forgetDeviceToken(userId: number, clientType: number): Promise<boolean> {
    return this.#change(forgetDeviceToken, userId, clientType);
  }

  async #change(statement: Statement, userId: number, value: unknown): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    return (await this.#database.query(statement, [userId, value])).length > 0;
  }
}
