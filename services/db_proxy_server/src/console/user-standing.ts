import type { ConsolePermission, consoleApi } from '@teamtalk/rpc';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import type { SessionLists, UnreadCount } from '../messages/session-lists.js';

/** Most entries of each list. */
const listed = 20;

interface StandingRow {
  bot: boolean;
  groups: number;
  owned: number;
  account: { accountId: number; name: string; role: string; disabled: boolean } | null;
}

const standing: Statement = {
  name: 'console_user_standing',
  text: `
    SELECT EXISTS (SELECT FROM bot b WHERE b.user_id = u.id) AS bot,
      (SELECT count(*)::int4 FROM group_member m WHERE m.user_id = u.id) AS groups,
      (SELECT count(*)::int4 FROM group_member m JOIN chat_group g ON g.id = m.group_id
        WHERE m.user_id = u.id AND g.creator_id = u.id AND g.status = 0) AS owned,
      (SELECT json_build_object('accountId', a.id, 'name', a.name, 'role', a.role, 'disabled', a.disabled_at IS NOT NULL)
        FROM console_account a WHERE u.email <> '' AND lower(a.email) = lower(u.email)) AS account
    FROM im_user u WHERE u.id = $1`,
};

const names: Statement = {
  name: 'console_names_of_conversations',
  text: `
    SELECT id, 1 AS type, coalesce(nullif(nick_name, ''), name) AS name FROM im_user WHERE id = ANY ($1::int4[])
    UNION ALL SELECT id, 2, name FROM chat_group WHERE id = ANY ($2::int4[])`,
};

// An owner is a member, whose rows an index has.
const owned: Statement = {
  name: 'console_groups_owned',
  text: `
    SELECT g.id, g.name FROM group_member m JOIN chat_group g ON g.id = m.group_id
    WHERE m.user_id = $1 AND g.creator_id = $1 AND g.status = 0 ORDER BY g.id LIMIT ${listed}`,
};

const apps: Statement = {
  name: 'console_apps_of_user',
  text: `SELECT id, name FROM app WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id LIMIT ${listed}`,
};

const hooks: Statement = {
  name: 'console_hooks_of_bot',
  text: `SELECT id, name FROM hook WHERE bot_id = $1 ORDER BY id LIMIT ${listed}`,
};

interface NamedId {
  id: number;
  name: string;
}

/** What users have unread, and what they may do. */
export class UserStandings {
  readonly #database: Database;
  readonly #sessions: SessionLists;

  constructor(database: Database, sessions: SessionLists) {
    this.#database = database;
    this.#sessions = sessions;
  }

  /** @param may whether whoever asks has a permission; what they may not see is left out */
  async of(
    userId: number,
    may: (permission: ConsolePermission) => boolean,
  ): Promise<consoleApi.console.UserStanding.$Properties> {
    if (!isStorableId(userId)) return { found: false };
    const few = async (statement: Statement, isAllowed: boolean) =>
      isAllowed ? this.#database.query<NamedId>(statement, [userId]) : [];
    const [[row], unread, ownedGroups, itsApps, itsHooks] = await Promise.all([
      this.#database.query<StandingRow>(standing, [userId]),
      this.#sessions.unreadCounts(userId, listed),
      few(owned, may('groups:read')),
      few(apps, may('apps:read')),
      few(hooks, may('apps:read')),
    ]);
    if (!row) return { found: false };
    return {
      found: true,
      unread: unread[0]?.total ?? 0,
      unreadConversations: unread[0]?.conversations ?? 0,
      // Who writes to whom is more than a number.
      conversations: may('pushes:read') ? await this.#named(unread) : [],
      groups: row.groups,
      groupsOwned: row.owned,
      owned: ownedGroups,
      bot: row.bot,
      apps: itsApps,
      hooks: itsHooks,
      ...(row.account && may('accounts:read') && { account: row.account }),
    };
  }

  async #named(unread: readonly UnreadCount[]): Promise<consoleApi.console.UnreadConversation.$Properties[]> {
    const idsOf = (type: number) =>
      unread.filter(({ session_type }) => session_type === type).map(({ session_id }) => session_id);
    const rows = await this.#database.query<NamedId & { type: number }>(names, [idsOf(1), idsOf(2)]);
    const nameOf = new Map(rows.map(({ id, type, name }) => [`${type} ${id}`, name]));
    return unread.map(({ session_id: sessionId, session_type: type, unread: count }) => ({
      sessionId,
      group: type === 2,
      name: nameOf.get(`${type} ${sessionId}`) ?? '',
      unread: count,
    }));
  }
}
