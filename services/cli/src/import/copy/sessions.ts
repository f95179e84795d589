import type { TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';
import { partitions } from '../target/partitions.js';
import { upsert } from '../target/upsert.js';

/** The tables that sessions, unread counts and members are prepared in. */
export const sessionColumns = {
  session: 'conv int8 NOT NULL, user_id int4 NOT NULL',
  unread: 'conv int8 NOT NULL, user_id int4 NOT NULL, count int8 NOT NULL',
  member:
    'conv int8 NOT NULL, user_id int4 NOT NULL, joined int8 NOT NULL, unread int8 NOT NULL, shield bool NOT NULL',
} as const;

/**
 * What of sessions, unread counts and members is needed with the messages: in the partitions of these, so that each partition of
 * `message` is finished with everything that belongs to its conversations.
 */
export const sessionStaging: readonly string[] = [
  ...Object.entries(sessionColumns).flatMap(([table, columns]) => partitioned(table, columns)),
  `CREATE TABLE IF NOT EXISTS legacy_import.message_map (
    conv int8 NOT NULL, old_id int8 NOT NULL, new_id int4 NOT NULL, table_no int2 NOT NULL, legacy_id int8 NOT NULL)`,
];

function partitioned(table: string, columns: string): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS legacy_import.${table} (${columns}) PARTITION BY HASH (conv)`,
    ...Array.from(
      { length: partitions },
      (_, part) => `CREATE TABLE IF NOT EXISTS legacy_import.${table}_p${part}
        PARTITION OF legacy_import.${table} FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})`,
    ),
  ];
}

/** In SQL: the conversation of two users. */
function pair(one: string, other: string): string {
  return `(least(${one}, ${other}) << 32 | greatest(${one}, ${other}))`;
}

const largest = 2_147_483_647;

/** The sessions that users see, and their unread counts of pairs, by conversation. */
export async function prepareSessions(session: TargetSession): Promise<void> {
  await session.run(`
    INSERT INTO legacy_import.session (conv, user_id)
    SELECT DISTINCT CASE WHEN type = 2 THEN peerid ELSE ${pair('userid', 'peerid')} END, userid
    FROM legacy_import.imrecentsession
    WHERE status = 0 AND type IN (1, 2) AND userid BETWEEN 1 AND ${largest} AND peerid BETWEEN 1 AND ${largest}`);
  await session.run(`
    INSERT INTO legacy_import.unread (conv, user_id, count)
    SELECT ${pair('user_id', 'peer_id')}, user_id, max(count) FROM legacy_import.redis_unread
    WHERE user_id BETWEEN 1 AND ${largest} AND user_id <> peer_id GROUP BY user_id, peer_id`);
  for (const table of ['session', 'unread']) {
    await session.run(`CREATE INDEX ON legacy_import.${table} (conv, user_id)`);
    await session.run(`ANALYZE legacy_import.${table}`);
  }
}

/** Who is in which group by MySQL, with what Redis knows of it; and who was. */
export async function prepareMembers(session: TargetSession): Promise<void> {
  await session.run(`
    CREATE TEMP TABLE known ON COMMIT DROP AS
    SELECT groupid, userid, bool_or(status = 0) AS is_in, min(created) AS first_joined,
      coalesce(max(updated) FILTER (WHERE status = 0), max(updated)) AS joined, count(*) AS rows
    FROM legacy_import.imgroupmember m
    WHERE EXISTS (SELECT FROM legacy_import.imgroup g WHERE g.id = m.groupid)
      AND EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = m.userid)
    GROUP BY groupid, userid`);
  // Without statistics each member is looked for among all others.
  await session.run('ANALYZE known');
  await session.run(`
    INSERT INTO legacy_import.member (conv, user_id, joined, unread, shield)
    SELECT k.groupid, k.userid, coalesce(j.at, k.joined), coalesce(greatest(g.count - coalesce(r.count, 0), 0), 0),
      s.user_id IS NOT NULL
    FROM known k
    LEFT JOIN (SELECT group_id, user_id, max(at) AS at FROM legacy_import.redis_join GROUP BY 1, 2) j
      ON j.group_id = k.groupid AND j.user_id = k.userid
    LEFT JOIN (SELECT group_id, max(count) AS count FROM legacy_import.redis_group_count GROUP BY 1) g
      ON g.group_id = k.groupid
    LEFT JOIN (SELECT group_id, user_id, max(count) AS count FROM legacy_import.redis_read_count GROUP BY 1, 2) r
      ON r.group_id = k.groupid AND r.user_id = k.userid
    LEFT JOIN (SELECT DISTINCT group_id, user_id FROM legacy_import.redis_shield) s
      ON s.group_id = k.groupid AND s.user_id = k.userid
    WHERE k.is_in`);
  await session.run('ANALYZE legacy_import.member');
  await session.run('DELETE FROM legacy_import.former_member');
  await session.run(`
    INSERT INTO legacy_import.former_member (group_id, user_id, first_joined_at, joined_at)
    SELECT groupid, userid, to_timestamp(first_joined), to_timestamp(joined) FROM known WHERE NOT is_in`);
  await countMembersLeftOut(session);
}

async function countMembersLeftOut(session: TargetSession): Promise<void> {
  const [counts] = await session.rows<{
    without_group: string;
    without_user: string;
    left: string;
    duplicate: string;
  }>(`
    SELECT count(*) FILTER (WHERE g.id IS NULL) AS without_group,
      count(*) FILTER (WHERE g.id IS NOT NULL AND u.id IS NULL) AS without_user,
      (SELECT count(*) FROM known WHERE NOT is_in) AS left, (SELECT coalesce(sum(rows - 1), 0) FROM known) AS duplicate
    FROM legacy_import.imgroupmember m
    LEFT JOIN legacy_import.imgroup g ON g.id = m.groupid
    LEFT JOIN legacy_import.imuser u ON u.id = m.userid`);
  await recordLeftOut(session, 'IMGroupMember', 'member-without-group', Number(counts!.without_group));
  await recordLeftOut(session, 'IMGroupMember', 'member-without-user', Number(counts!.without_user));
  await recordLeftOut(session, 'IMGroupMember', 'member-left', Number(counts!.left));
  await recordLeftOut(session, 'IMGroupMember', 'member-duplicate', Number(counts!.duplicate));
}

/** Where push reaches users. */
export async function bringDeviceTokens(session: TargetSession): Promise<void> {
  const columns = ['user_id', 'client_type', 'token'];
  await upsert(
    session,
    { table: 'device_token', key: ['user_id', 'client_type'], columns },
    `
    SELECT DISTINCT ON (user_id, client_type) user_id, client_type, token FROM legacy_import.redis_device d
    WHERE EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = d.user_id)
    ORDER BY user_id, client_type, token`,
  );
  const [left] = await session.rows<{ count: string }>(`
    SELECT count(*) FROM (SELECT DISTINCT user_id, client_type FROM legacy_import.redis_device d
      WHERE NOT EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = d.user_id)) AS devices`);
  await recordLeftOut(session, 'redis', 'token-without-user', Number(left!.count));
}
