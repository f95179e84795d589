import { MsgType } from '@teamtalk/protocol';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { isPossible, pair, type SessionKey } from './messages.js';

/** A conversation in a user's list, with its newest message. */
export interface SessionRow {
  session_id: number;
  /** 1 single, 2 group */
  session_type: number;
  /** unread messages */
  unread: number;
  last_id: number;
  /** time of the newest message, unix seconds */
  updated_time: number;
  from_id: number;
  type: number;
  /** null for audio, for which lists show a text */
  data: Buffer | null;
}

/** Most recent sessions in one reply (client-behaviour.md#recent-sessions). */
const maxRecent = 100;
/** Most sessions with unread messages in one reply, those with the newest messages. */
const maxUnread = 1_000;
/** Most bytes of message data in one reply; the sessions with the oldest messages are left out. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * All sessions in the list of user $1: not removed, or restored by a later message, and with messages that are kept. Pairs in which the user is the lower
 * one are a range of keys; the others are found by conversation_high_user.
 */
const sessionsOfUser = `
  SELECT c.conv, (c.conv & 4294967295)::int4 AS session_id, 1 AS session_type,
    c.last_id - c.low_sent - c.low_seen AS unread, c.last_id, c.last_at
  FROM conversation c
  WHERE c.conv BETWEEN $1::int8 << 32 AND ($1::int8 << 32) | 4294967295 AND c.last_id > c.low_removed
    AND c.last_id >= c.kept_from
  UNION ALL
  SELECT c.conv, (c.conv >> 32)::int4, 1, c.low_sent - c.high_seen, c.last_id, c.last_at
  FROM conversation c
  WHERE (c.conv & 4294967295) = $1::int8 AND c.conv >= 4294967296 AND c.last_id > c.high_removed
    AND c.last_id >= c.kept_from
  UNION ALL
  SELECT c.conv, g.group_id, 2, c.last_id - greatest(g.read_id, g.join_msg_id), c.last_id, c.last_at
  FROM group_member g JOIN conversation c ON c.conv = g.group_id
  WHERE g.user_id = $1::int8 AND c.last_id > greatest(g.join_msg_id, g.removed_id, c.kept_from - 1)`;

/**
 * A list as one row: the numbers of each session as JSON, and all message data concatenated, because parsing many rows in
 * the driver is far slower.
 */
interface ListRow {
  /** items of a JSON array of SessionNumbers; null for an empty list */
  sessions: string | null;
  data: Buffer | null;
}

type SessionNumbers = [
  session_id: number,
  session_type: number,
  unread: number,
  last_id: number,
  updated_time: number,
  from_id: number,
  type: number,
  /** length of its message's data; -1 for audio */
  bytes: number,
];

function listed(condition: string, limit: number): string {
  return `
    SELECT
      string_agg('[' || concat_ws(',', session_id, session_type, unread, last_id, updated_time, from_id, type,
        coalesce(octet_length(data), -1)) || ']', ',' ORDER BY place) AS sessions,
      string_agg(data, '' ORDER BY place) AS data
    FROM (
      SELECT s.session_id, s.session_type, s.unread, s.last_id,
        floor(extract(epoch FROM s.last_at))::int8 AS updated_time, m.from_id, m.type, m.data,
        sum(octet_length(m.data)) OVER (ORDER BY s.last_at DESC, s.conv) AS bytes,
        row_number() OVER (ORDER BY s.last_at DESC, s.conv) AS place
      FROM (
        SELECT * FROM (${sessionsOfUser}) a WHERE ${condition} ORDER BY last_at DESC, conv LIMIT ${limit}
      ) s
      CROSS JOIN LATERAL (
        SELECT m.from_id, m.type,
          CASE WHEN m.type NOT IN (${MsgType.SINGLE_AUDIO}, ${MsgType.GROUP_AUDIO}) THEN m.data END AS data
        FROM message m WHERE m.conv = s.conv AND m.id = s.last_id
        OFFSET 0
      ) m
    ) q WHERE coalesce(bytes, 0) <= ${maxAnswerBytes} OR place = 1`;
}

/** Parses a ListRow. */
function toSessions([list]: readonly ListRow[]): SessionRow[] {
  if (!list?.sessions) return [];
  const allData = list.data ?? Buffer.alloc(0);
  let end = 0;
  const sessions = JSON.parse(`[${list.sessions}]`) as SessionNumbers[];
  return sessions.map(([session_id, session_type, unread, last_id, updated_time, from_id, type, bytes]) => {
    const start = end;
    end += Math.max(bytes, 0);
    const data = bytes < 0 ? null : allData.subarray(start, end);
    return { session_id, session_type, unread, last_id, updated_time, from_id, type, data };
  });
}

/** A conversation with unread messages, without their content. */
export interface UnreadCount {
  session_id: number;
  /** 1 single, 2 group */
  session_type: number;
  unread: number;
  /** of all conversations */
  total: number;
  conversations: number;
}

const unreadCounts: Statement = {
  name: 'sessions_unread_counts',
  text: `
    SELECT session_id, session_type, unread::int4 AS unread, (sum(unread) OVER ())::float8 AS total,
      (count(*) OVER ())::int4 AS conversations
    FROM (${sessionsOfUser}) a WHERE unread > 0 ORDER BY unread DESC, conv LIMIT $2`,
};

const unread: Statement = { name: 'sessions_unread', text: listed('unread > 0', maxUnread) };

const recent: Statement = {
  name: 'sessions_recent',
  // Compares whole seconds, the resolution clients have.
  text: listed('last_at >= to_timestamp($2::float8 + 1)', maxRecent),
};

/** Locks the row, so that the session is marked read and removed at the same newest message. */
const lockPair: Statement = {
  name: 'session_lock_pair',
  text: `SELECT c.conv, c.last_id FROM conversation c WHERE c.conv = ${pair} FOR NO KEY UPDATE`,
};

const readPair: Statement = {
  name: 'session_read_pair',
  text: `SELECT FROM mark_read(ARRAY[$1::int8], ARRAY[$2::int4], ARRAY[$3::int4], '{}', '{}', '{}')`,
};

const removePair: Statement = {
  name: 'session_remove_pair',
  text: `
    UPDATE conversation
    SET low_removed = greatest(low_removed, $2), high_removed = greatest(high_removed, $3)
    WHERE conv = $1`,
};

/** Needs no lock: a concurrent message has a larger id and restores the session. */
const newestOfGroup: Statement = {
  name: 'session_newest_of_group',
  text: `
    SELECT coalesce(c.last_id, 0) AS last_id
    FROM group_member g LEFT JOIN conversation c ON c.conv = g.group_id
    WHERE g.user_id = $1 AND g.group_id = $2`,
};

const readGroup: Statement = {
  name: 'session_read_group',
  text: `SELECT FROM mark_read('{}', '{}', '{}', ARRAY[$2::int4], ARRAY[$1::int4], ARRAY[$3::int4])`,
};

const removeGroup: Statement = {
  name: 'session_remove_group',
  text: `
    UPDATE group_member SET removed_id = greatest(removed_id, $3)
    WHERE user_id = $1 AND group_id = $2 RETURNING user_id`,
};

/** What the user's devices show of it goes. */
const withdraw: Statement = {
  name: 'session_withdraw',
  text: `
    INSERT INTO push_read (conv, user_id) SELECT ARRAY[$2::int8], ARRAY[$1::int4]
    WHERE EXISTS (SELECT FROM push_device WHERE user_id = $1 AND failure IS NULL)`,
};

/** Users' lists of conversations. */
export class SessionLists {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Sessions with unread messages, newest message first. */
  async unread(userId: number): Promise<SessionRow[]> {
    if (!isStorableId(userId)) return [];
    return toSessions(await this.#database.query<ListRow>(unread, [userId]));
  }

  /** The conversations with the most unread messages, most first. */
  async unreadCounts(userId: number, limit: number): Promise<UnreadCount[]> {
    if (!isStorableId(userId)) return [];
    return this.#database.query<UnreadCount>(unreadCounts, [userId, limit]);
  }

  /**
   * The newest sessions, newest message first.
   * @param updatedAfter unix seconds: only sessions with a newest message in a later second
   */
  async recent(userId: number, updatedAfter: number): Promise<SessionRow[]> {
    if (!isStorableId(userId)) return [];
    return toSessions(await this.#database.query<ListRow>(recent, [userId, updatedAfter]));
  }

  /**
   * Removes a session from the user's list, marked read up to its newest message, until a later one arrives. Other
   * participants are not affected.
   * @returns whether the user has such a conversation, listed or not
   */
  async remove(session: SessionKey): Promise<boolean> {
    if (!isPossible(session)) return false;
    return this.#database.transaction('remove_session', (query) =>
      session.isGroup ? removeGroupSession(query, session) : removePairSession(query, session),
    );
  }
}

async function removePairSession(query: Query, { userId, sessionId }: SessionKey): Promise<boolean> {
  const [row] = await query<{ conv: string; last_id: number }>(lockPair, [userId, sessionId]);
  if (!row) return false;
  const sides = userId < sessionId ? [row.last_id, 0] : [0, row.last_id];
  await query(readPair, [row.conv, ...sides]);
  await query(removePair, [row.conv, ...sides]);
  await query(withdraw, [userId, row.conv]);
  return true;
}

async function removeGroupSession(query: Query, { userId, sessionId }: SessionKey): Promise<boolean> {
  const [row] = await query<{ last_id: number }>(newestOfGroup, [userId, sessionId]);
  if (!row) return false;
  await query(readGroup, [userId, sessionId, row.last_id]);
  await query(withdraw, [userId, sessionId]);
  // The user may have been removed from the group meanwhile.
  return (await query(removeGroup, [userId, sessionId, row.last_id])).length > 0;
}
