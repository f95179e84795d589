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

  async #change(statement: Statement, userId: number, value: unknown): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    return (await this.#database.query(statement, [userId, value])).length > 0;
  }
}
