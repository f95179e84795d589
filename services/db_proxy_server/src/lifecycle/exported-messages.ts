import type { Database, Statement } from '../database/database.js';

/** A message in an export. */
export interface ExportedMessage {
  /** two user ids, or one group id */
  conversation: { users: [number, number] } | { group: number };
  id: number;
  fromId: number;
  /** the sender's current login name */
  fromName: string;
  /** RFC 3339 */
  at: string;
  type: number;
  data: Buffer;
}

const pageSize = 100;

/** A conversation; for a group `low` is 0 and `high` the group id. */
interface Exported {
  conv: string;
  low: number;
  high: number;
  /** only messages with higher ids */
  after: number;
}

const ofUser: Statement = {
  name: 'export_conversations_of_user',
  text: `
    SELECT x.conv::text AS conv, (x.conv >> 32)::int4 AS low, (x.conv & 4294967295)::int4 AS high, x.after FROM (
      SELECT c.conv, 0 AS after FROM conversation c
        WHERE c.conv BETWEEN $1::int8 << 32 AND ($1::int8 << 32) | 4294967295
      UNION ALL
      SELECT c.conv, 0 FROM conversation c WHERE (c.conv & 4294967295) = $1::int8 AND c.conv >= 4294967296
      UNION ALL
      SELECT g.group_id::int8, g.join_msg_id FROM group_member g WHERE g.user_id = $1
    ) x ORDER BY x.conv`,
};

const page: Statement = {
  name: 'export_messages',
  text: `
    SELECT m.id, m.from_id AS "fromId", coalesce(u.name, '') AS "fromName",
      to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, m.type, m.data
    FROM message m LEFT JOIN im_user u ON u.id = m.from_id
    WHERE m.conv = $1::int8 AND m.id > $2 ORDER BY m.id LIMIT ${pageSize}`,
};

/**
 * The messages of a user or a group, by conversation in ascending order. For a user: all their pairs, and their groups from the
 * time they joined.
 */
export async function* exportedMessages(
  database: Pick<Database, 'query'>,
  { userId, groupId }: { userId: number | null; groupId: number | null },
): AsyncGenerator<ExportedMessage> {
  const group = groupId ?? 0;
  const conversations: Exported[] =
    userId === null
      ? [{ conv: String(group), low: 0, high: group, after: 0 }]
      : await database.query<Exported>(ofUser, [userId]);
  for (const { conv, low, high, after } of conversations) {
    const conversation: ExportedMessage['conversation'] =
      low === 0 ? { group: high } : { users: [low, high] };
    for (let from = after; ; ) {
      const rows = await database.query<Omit<ExportedMessage, 'conversation'>>(page, [conv, from]);
      for (const row of rows) yield { conversation, ...row };
      const last = rows.at(-1);
      if (!last || rows.length < pageSize) break;
      from = last.id;
    }
  }
}
