import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText, type SaveOutcome } from '../administration/changes.js';
import { openAudit, setFields } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

export interface Bot {
  id: number;
  name: string;
  nickName: string;
  disabled: boolean;
  /** null: the bot has no token and cannot log in */
  tokenSetAt: Date | null;
}

interface NewBot {
  /** login name */
  name: string;
  /** empty: same as the name */
  nickName: string;
  /** SHA-256 of the token */
  tokenHash: Buffer;
}

const maxBots = 1_000;

const list: Statement = {
  name: 'bots',
  text: `
    SELECT u.id, u.name, u.nick_name AS "nickName", u.status = ${userHasLeft} AS disabled, b.token_set_at AS "tokenSetAt"
    FROM bot b JOIN im_user u ON u.id = b.user_id ORDER BY u.name`,
};

const count: Statement = {
  name: 'bot_count',
  text: 'SELECT count(*)::int4 AS bots FROM bot',
};

const withToken: Statement = {
  name: 'bot_with_token',
  text: 'SELECT user_id AS id FROM bot WHERE token_hash = $1',
};

const create: Statement = {
  name: 'bot_create',
  text: `
    WITH created AS (
      INSERT INTO im_user (name, nick_name, real_name, password_hash) VALUES ($1, $2, $2, '!')
      ON CONFLICT (name) DO NOTHING RETURNING id)
    INSERT INTO bot (user_id, token_hash, token_set_at) SELECT id, $3, now() FROM created
    RETURNING user_id AS id`,
};

const current: Statement = {
  name: 'bot_token',
  text: `
    SELECT u.name, b.token_hash AS hash FROM bot b JOIN im_user u ON u.id = b.user_id
    WHERE b.user_id = $1 FOR UPDATE OF b`,
};

const setToken: Statement = {
  name: 'bot_set_token',
  text: `
    UPDATE bot SET token_hash = $2::bytea, token_set_at = CASE WHEN $2::bytea IS NOT NULL THEN now() END
    WHERE user_id = $1`,
};

/** Bot accounts: users that log in with a token instead of a password. */
export class Bots {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** By name. */
  list(): Promise<Bot[]> {
    return this.#database.query<Bot>(list, []);
  }

  /**
   * Adds a bot and its user; `conflict` when the name is taken. Repeating the call with the same token returns the same bot.
   * @throws TeamTalkError `invalid-argument`
   */
  create({ name, nickName, tokenHash }: NewBot, actor: Actor): Promise<SaveOutcome> {
    requireText('a name', name, 1, 64);
    requireText('a nick name', nickName, 0, 64);
    return this.#database.transaction('create_bot', async (query) => {
      const record = await openAudit(query, actor);
      const [known] = await query<{ id: number }>(withToken, [tokenHash]);
      if (known) return { result: 'saved', id: known.id };
      const [sum] = await query<{ bots: number }>(count, []);
      if (sum && sum.bots >= maxBots) {
        throw new TeamTalkError('invalid-argument', `there are ${maxBots} bots already`);
      }
      const [row] = await query<{ id: number }>(create, [name, nickName || name, tokenHash]);
      if (!row) return { result: 'conflict' };
      const after = setFields({ name, nickName: nickName || null, token: 'set' });
      await record({ verb: 'bot.create', resource: `user ${row.id}`, after });
      return { result: 'saved', id: row.id };
    });
  }

  /**
   * Replaces or removes a bot's token. The previous one stops working at once; open connections are kept.
   * @param hash SHA-256 of the token; null: none
   */
  setToken(userId: number, hash: Buffer | null, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(userId)) return Promise.resolve({ result: 'not-found' });
    return this.#database.transaction('set_bot_token', async (query) => {
      const record = await openAudit(query, actor);
      const [bot] = await query<{ name: string; hash: Buffer | null }>(current, [userId]);
      if (!bot) return { result: 'not-found' };
      const isSame = hash === null ? bot.hash === null : (bot.hash?.equals(hash) ?? false);
      if (isSame) return { result: 'saved', id: userId };
      await query(setToken, [userId, hash]);
      const after = { name: bot.name, token: hash === null ? 'none' : 'set' };
      await record({ verb: 'bot.token', resource: `user ${userId}`, after });
      return { result: 'saved', id: userId };
    });
  }
}
