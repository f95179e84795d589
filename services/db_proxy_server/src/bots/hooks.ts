import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText, type SaveOutcome } from '../administration/changes.js';
import { openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import { findReceiver, type Receiver } from './receivers.js';

export interface Hook {
  id: number;
  name: string;
  botId: number;
  botName: string;
  /** either userId or groupId is null */
  userId: number | null;
  groupId: number | null;
  /** name of the user or group */
  receiverName: string;
  /** whether a post may name another receiver */
  anyReceiver: boolean;
  /** posts per second */
  rate: number;
  createdAt: Date;
}

interface NewHook {
  name: string;
  botId: number;
  /** as for findReceiver */
  receiver: string;
  anyReceiver: boolean;
  /** posts per second */
  rate: number;
  /** SHA-256 of the token */
  tokenHash: Buffer;
}

const maxHooks = 1_000;
const maxRate = 1_000;

const columns = `
  h.id, h.name, h.bot_id AS "botId", b.name AS "botName", h.user_id AS "userId", h.group_id AS "groupId",
  coalesce(u.name, g.name) AS "receiverName", h.any_receiver AS "anyReceiver", h.rate, h.created_at AS "createdAt"`;
const joined = `
  hook h JOIN im_user b ON b.id = h.bot_id LEFT JOIN im_user u ON u.id = h.user_id LEFT JOIN chat_group g ON g.id = h.group_id`;

const list: Statement = {
  name: 'hooks',
  text: `SELECT ${columns} FROM ${joined} ORDER BY h.name`,
};

const withToken: Statement = {
  name: 'hook_with_token',
  text: `SELECT ${columns} FROM ${joined} WHERE h.token_hash = $1 AND b.status <> ${userHasLeft}`,
};

const sameHook: Statement = {
  name: 'hook_same',
  text: `
    SELECT id, token_hash = $1 AS "isSame" FROM hook WHERE token_hash = $1 OR name = $2
    ORDER BY token_hash = $1 DESC LIMIT 1`,
};

const count: Statement = {
  name: 'hook_count',
  text: 'SELECT count(*)::int4 AS hooks FROM hook',
};

const bot: Statement = {
  name: 'hook_bot',
  text: 'SELECT user_id FROM bot WHERE user_id = $1 FOR KEY SHARE',
};

const create: Statement = {
  name: 'hook_create',
  text: `
    INSERT INTO hook (name, token_hash, bot_id, user_id, group_id, any_receiver, rate)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
};

const remove: Statement = {
  name: 'hook_delete',
  text: `
    WITH removed AS (DELETE FROM hook WHERE id = $1 RETURNING name, bot_id, user_id, group_id)
    SELECT name, bot_id AS "botId", user_id AS "userId", group_id AS "groupId" FROM removed`,
};

/** Hooks: URLs that contain a token. What is posted to one, its bot sends to a user or a group. */
export class Hooks {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** By name. */
  list(): Promise<Hook[]> {
    return this.#database.query<Hook>(list, []);
  }

  /** The hook with this token (SHA-256), unless its bot is disabled. */
  async find(tokenHash: Buffer): Promise<Hook | undefined> {
    return (await this.#database.query<Hook>(withToken, [tokenHash]))[0];
  }

  /** Resolves the receiver that a post names, as findReceiver does. */
  async receiver(fromId: number, text: string): Promise<Receiver | string> {
    if (!isStorableId(fromId)) return 'has no valid sender';
    return findReceiver((statement, values) => this.#database.query(statement, values), fromId, text);
  }

  /**
   * Adds a hook; `conflict` when the name is taken. Repeating the call with the same token returns the same hook.
   * @throws TeamTalkError `invalid-argument`
   */
  create(hook: NewHook, actor: Actor): Promise<SaveOutcome> {
    const { name, botId, anyReceiver, rate, tokenHash } = hook;
    requireText('a name', name, 1, 64);
    if (!(rate > 0 && rate <= maxRate)) {
      throw new TeamTalkError('invalid-argument', `a hook accepts at most ${maxRate} posts per second`);
    }
    return this.#database.transaction('create_hook', async (query) => {
      const record = await openAudit(query, actor);
      const [known] = await query<{ id: number; isSame: boolean }>(sameHook, [tokenHash, name]);
      if (known) return known.isSame ? { result: 'saved', id: known.id } : { result: 'conflict' };
      const to = await this.#check(query, hook);
      const ids = 'userId' in to ? [to.userId, null] : [null, to.groupId];
      const [row] = await query<{ id: number }>(create, [name, tokenHash, botId, ...ids, anyReceiver, rate]);
      if (!row) throw new TeamTalkError('internal', 'the hook was not stored');
      const after = setFields({ name, botId, ...to, anyReceiver: anyReceiver || null, rate });
      await record({ verb: 'hook.create', resource: `hook ${row.id}`, after });
      return { result: 'saved', id: row.id };
    });
  }

  /** Removes a hook; its token stops working at once. */
  delete(id: number, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(id)) return Promise.resolve({ result: 'not-found' });
    return this.#database.transaction('delete_hook', async (query) => {
      const record = await openAudit(query, actor);
      const [before] = await query(remove, [id]);
      if (!before) return { result: 'not-found' };
      await record({ verb: 'hook.delete', resource: `hook ${id}`, before: setFields(before) });
      return { result: 'saved', id };
    });
  }

  async #check(query: Query, { botId, receiver }: NewHook): Promise<Receiver> {
    const isBot = isStorableId(botId) && (await query(bot, [botId])).length > 0;
    if (!isBot) throw new TeamTalkError('invalid-argument', `user ${botId} is not a bot`);
    const [sum] = await query<{ hooks: number }>(count, []);
    if (sum && sum.hooks >= maxHooks) {
      throw new TeamTalkError('invalid-argument', `there are ${maxHooks} hooks already`);
    }
    const to = await findReceiver(query, botId, receiver);
    if (typeof to === 'string') throw new TeamTalkError('invalid-argument', `${receiver} ${to}`);
    return to;
  }
}
