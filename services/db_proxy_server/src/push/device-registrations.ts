import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText, type SaveOutcome } from '../administration/changes.js';
import { openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import { storedToken } from './device-tokens.js';
import { type PushDecision, type PushDeviceSummary, pushDevicesOf, pushHistory } from './push-history.js';

/** The properties of a device that an app registers. */
export interface DeviceFields {
  provider: string;
  token: string;
  /** bundle id or package; empty: the installation's default */
  app: string;
  /** BCP 47; empty: unknown */
  locale: string;
  /** IANA name; empty: the installation's */
  timeZone: string;
}

/** Most devices of a user registered by apps; those seen last are kept. */
const maxDevices = 20;

const userThere: Statement = {
  name: 'device_user',
  text: `SELECT id FROM im_user WHERE id = $1 AND status <> ${userHasLeft}`,
};

const anyUser: Statement = { name: 'device_any_user', text: 'SELECT id FROM im_user WHERE id = $1' };

// Raises an error for a time zone that PostgreSQL does not know, and that would fail later.
const checkZone: Statement = {
  name: 'device_zone',
  text: 'SELECT now() AT TIME ZONE $1::text',
};

const refresh: Statement = {
  name: 'device_refresh',
  text: `
    UPDATE push_device SET provider = $2, token = $3, app = $4, locale = $5, time_zone = $6, seen_at = now(), failure = NULL
    WHERE token_hash = push_token_hash($3) AND user_id = $1 RETURNING id::float8 AS id`,
};

const former: Statement = {
  name: 'device_former_user',
  text: 'SELECT user_id, client_type, by_command FROM push_device WHERE token_hash = push_token_hash($1)',
};

// The trigger on device_token removes the device. Locks this row before the device, as 0x0108 does.
const forgetCommand: Statement = {
  name: 'device_forget_command',
  text: 'DELETE FROM device_token WHERE user_id = $1 AND client_type = $2',
};

const forgetToken: Statement = {
  name: 'device_forget_token',
  text: 'DELETE FROM push_device WHERE token_hash = push_token_hash($1)',
};

// The client type only determines which command would set it: 17 for iOS, 18 for all others.
const add: Statement = {
  name: 'device_add',
  text: `
    INSERT INTO push_device (user_id, provider, token, token_hash, app, locale, time_zone, client_type)
    VALUES ($1, $2, $3, push_token_hash($3), $4, $5, $6, CASE $2::text WHEN 'apns' THEN 17 ELSE 18 END)
    -- 0x0108 inserted it concurrently.
    ON CONFLICT (token_hash) DO UPDATE SET user_id = excluded.user_id, provider = excluded.provider, token = excluded.token,
      app = excluded.app, locale = excluded.locale, time_zone = excluded.time_zone, client_type = excluded.client_type,
      by_command = false, client_version = '', seen_at = now(), failure = NULL
    RETURNING id::float8 AS id`,
};

const trim: Statement = {
  name: 'device_trim',
  text: `
    DELETE FROM push_device WHERE id IN (
      SELECT id FROM push_device WHERE user_id = $1 AND NOT by_command
      ORDER BY failure IS NOT NULL, seen_at DESC, id DESC OFFSET ${maxDevices})`,
};

const forgetCommands: Statement = {
  name: 'device_forget_commands',
  text: 'DELETE FROM device_token WHERE user_id = $1',
};

const forgetOthers: Statement = {
  name: 'device_forget_others',
  text: 'DELETE FROM push_device WHERE user_id = $1 AND id <> $2::float8::int8',
};

const find: Statement = {
  name: 'device_find',
  text: 'SELECT provider, app, client_type, by_command FROM push_device WHERE id = $1::float8::int8 AND user_id = $2',
};

const remove: Statement = {
  name: 'device_remove',
  text: 'DELETE FROM push_device WHERE id = $1::float8::int8 AND user_id = $2',
};

/** Devices that apps register for their users, and the history of pushes to them. */
export class DeviceRegistrations {
  readonly #database: Database;
  readonly #query: Query;

  constructor(database: Database) {
    this.#database = database;
    this.#query = (statement, values) => database.query(statement, values);
  }

  /** @returns undefined when there is no such user, or they have left */
  async list(userId: number): Promise<PushDeviceSummary[] | undefined> {
    return (await this.#exists(userId)) ? pushDevicesOf(this.#query, userId) : undefined;
  }

  /** Of users who have left, too. @returns undefined when there is no such user */
  async decisions(userId: number): Promise<PushDecision[] | undefined> {
    if (!isStorableId(userId)) return undefined;
    const [user] = await this.#database.query(anyUser, [userId]);
    return user && pushHistory(this.#query, userId);
  }

  /**
   * Registers a device of a user. Its token is taken from any former user, since a device belongs to one user at a time.
   * Registering a device again only refreshes it and records no event.
   * @param actor undefined: the user's own client, which records no event either
   * @throws TeamTalkError `invalid-argument`
   */
  async register(userId: number, fields: DeviceFields, actor: Actor | undefined): Promise<SaveOutcome> {
    const { provider, app, locale, timeZone } = fields;
    const token = storedToken(provider, fields.token);
    requireText('an app', app, 0, 255);
    requireText('a locale', locale, 0, 35);
    requireText('a time zone', timeZone, 0, 64);
    if (!(await this.#exists(userId))) return { result: 'not-found' };
    if (timeZone !== '') await this.#requireZone(timeZone);
    const values = [userId, provider, token, app, locale, timeZone];
    const [known] = await this.#database.query<{ id: number }>(refresh, values);
    if (known) return { result: 'saved', id: known.id };
    return this.#database.transaction('register_device', async (query) => {
      const record = actor && (await openAudit(query, actor));
      const before = await takeFromFormer(query, token);
      const [row] = await query<{ id: number }>(add, values);
      if (!row) throw new TeamTalkError('internal', 'a device was not added');
      await query(trim, [userId]);
      const after = setFields({ device_id: row.id, provider, app: app || null });
      await record?.({ verb: 'device.add', resource: `user ${userId}`, ...(before && { before }), after });
      return { result: 'saved', id: row.id };
    });
  }

  /** @param actor as for `register` */
  async remove(userId: number, deviceId: number, actor: Actor | undefined): Promise<SaveOutcome> {
    if (!isStorableId(userId)) return { result: 'not-found' };
    return this.#database.transaction('remove_device', async (query) => {
      const record = actor && (await openAudit(query, actor));
      const [device] = await query<{
        provider: string;
        app: string;
        client_type: number;
        by_command: boolean;
      }>(find, [deviceId, userId]);
      if (!device) return { result: 'not-found' };
      if (device.by_command) await query(forgetCommand, [userId, device.client_type]);
      await query(remove, [deviceId, userId]);
      const before = setFields({ device_id: deviceId, provider: device.provider, app: device.app || null });
      await record?.({ verb: 'device.remove', resource: `user ${userId}`, before });
      return { result: 'saved', id: 0 };
    });
  }

  /** Forgets a user's devices after a logout everywhere else. @param keptId the device to keep; 0: none */
  async forgetOthers(userId: number, keptId: number): Promise<void> {
    if (!isStorableId(userId)) return;
    await this.#database.transaction('forget_devices', async (query) => {
      await query(forgetCommands, [userId]);
      await query(forgetOthers, [userId, keptId]);
    });
  }

  async #exists(userId: number): Promise<boolean> {
    return isStorableId(userId) && (await this.#database.query(userThere, [userId])).length > 0;
  }

  async #requireZone(timeZone: string): Promise<void> {
    try {
      await this.#database.query(checkZone, [timeZone]);
    } catch (error) {
      if (!(error instanceof TeamTalkError) || error.code !== 'invalid-argument') throw error;
      throw new TeamTalkError(
        'invalid-argument',
        'a time zone must have a known name such as Asia/Shanghai',
        {
          cause: error,
        },
      );
    }
  }
}

/** @returns the former user of the device, or undefined */
async function takeFromFormer(query: Query, token: string): Promise<{ user_id: number } | undefined> {
  const [device] = await query<{ user_id: number; client_type: number; by_command: boolean }>(former, [
    token,
  ]);
  if (!device) return undefined;
  if (device.by_command) await query(forgetCommand, [device.user_id, device.client_type]);
  await query(forgetToken, [token]);
  return { user_id: device.user_id };
}
