import type { TargetSession } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';
import { recordLeftOut } from '../target/left-out.js';

/**
 * Finishes a partition of `message`: the messages in the order that the old server shows them in, numbered from 1, and everything that
 * belongs to their conversations. In one transaction, with the statement that empties the staged messages.
 */
export async function finishPartition(session: TargetSession, part: number): Promise<void> {
  const staged = `legacy_import.message_p${part}`;
  await session.run(`ANALYZE ${staged} (conv, relate_id)`);
  await insertMessages(session, part, staged);
  await recordRelations(session, staged);
  await insertConversations(session, part, staged);
  await insertMembers(session, part, staged);
  await addPlaceholders(session, staged);
  await session.run(`TRUNCATE ${staged}`);
}

const place = 'PARTITION BY conv ORDER BY created, relate_id, legacy_id ROWS UNBOUNDED PRECEDING';

/**
 * Numbers the messages and brings them to their places; sorted once. Old numbers that are not kept are recorded: they come twice, leave
 * gaps, or are not in the order of the messages.
 */
async function insertMessages(session: TargetSession, part: number, staged: string): Promise<void> {
  await session.run(`
    WITH numbered AS MATERIALIZED (
      SELECT s.*, row_number() OVER place AS n, count(*) FILTER (WHERE from_id = conv >> 32) OVER place AS of_low
      FROM ${staged} s WINDOW place AS (${place})
    ), renumbered AS (
      INSERT INTO legacy_import.message_map (conv, old_id, new_id, table_no, legacy_id)
      SELECT conv, msg_id, n, table_no, legacy_id FROM numbered WHERE msg_id <> n
    )
    INSERT INTO message_p${part} (conv, id, from_id, sender_seq, token, created_at, type, data)
    SELECT conv, n, from_id,
      CASE WHEN conv < ${firstPair} THEN 0 WHEN from_id = conv >> 32 THEN of_low ELSE n - of_low END,
      legacy_id, to_timestamp(created), type, data
    FROM numbered`);
}

/** Which relation a pair's messages are of, each single one where there are several: later messages find their place by it. */
async function recordRelations(session: TargetSession, staged: string): Promise<void> {
  await session.run(`
    CREATE TEMP TABLE related ON COMMIT DROP AS
    SELECT DISTINCT conv, relate_id FROM ${staged} WHERE conv >= ${firstPair}`);
  await session.run(
    'INSERT INTO legacy_import.relation (conv, relate_id) SELECT conv, relate_id FROM related',
  );
  await session.run(`
    INSERT INTO legacy_import.message_relation (conv, id, relate_id)
    SELECT conv, row_number() OVER (${place}), relate_id FROM ${staged}
    WHERE conv IN (SELECT conv FROM related GROUP BY conv HAVING count(*) > 1)`);
}

/**
 * Unread counts are all the old store has: the newest of the other user's messages are taken for the unread ones. A session that a
 * user does not see counts as removed.
 */
async function insertConversations(session: TargetSession, part: number, staged: string): Promise<void> {
  await session.run(`
    WITH c AS (
      SELECT conv, count(*)::int4 AS last_id, max(created) AS last_at,
        CASE WHEN conv < ${firstPair} THEN 0 ELSE count(*) FILTER (WHERE from_id = conv >> 32) END::int4 AS low_sent
      FROM ${staged} GROUP BY conv
    )
    INSERT INTO conversation (conv, last_id, last_at, low_sent, low_seen, low_read, low_removed, high_seen, high_read,
      high_removed)
    SELECT c.conv, c.last_id, to_timestamp(c.last_at), c.low_sent, low.seen, low.read, low.removed, high.seen, high.read,
      high.removed
    FROM c
    CROSS JOIN LATERAL (${sideOf('low', part)}) AS low
    CROSS JOIN LATERAL (${sideOf('high', part)}) AS high
    WHERE c.conv >= ${firstPair}
    UNION ALL
    SELECT conv, last_id, to_timestamp(last_at), 0, 0, 0, 0, 0, 0, 0 FROM c WHERE conv < ${firstPair}`);
}

/**
 * In SQL: what a user of the pair `c` has seen of the messages they received.
 *
 * @param part of messages and of what is staged; undefined: all of them
 */
export function sideOf(side: 'low' | 'high', part?: number): string {
  const suffix = part === undefined ? '' : `_p${part}`;
  const user = side === 'low' ? 'c.conv >> 32' : 'c.conv & 4294967295';
  const received = side === 'low' ? 'c.last_id - c.low_sent' : 'c.low_sent';
  return `
    SELECT (${received}) - u.unread AS seen,
      CASE WHEN u.unread = 0 THEN c.last_id ELSE (
        SELECT m.id - 1 FROM message${suffix} m
        WHERE m.conv = c.conv AND m.from_id <> (${user}) ORDER BY m.id DESC OFFSET u.unread - 1 LIMIT 1) END AS read,
      CASE WHEN u.unread > 0
        OR EXISTS (SELECT FROM legacy_import.session${suffix} s WHERE s.conv = c.conv AND s.user_id = (${user}))
        THEN 0 ELSE c.last_id END AS removed
    FROM (SELECT least(coalesce((
      SELECT w.count FROM legacy_import.unread${suffix} w WHERE w.conv = c.conv AND w.user_id = (${user})), 0),
      ${received})::int4 AS unread) AS u`;
}

/** Members see what was written in the second in which they joined, and later. */
async function insertMembers(session: TargetSession, part: number, staged: string): Promise<void> {
  await session.run(`
    INSERT INTO group_member (group_id, user_id, joined_at, join_msg_id, read_id, removed_id, shield)
    SELECT m.conv, m.user_id, to_timestamp(m.joined), p.before,
      last.id - u.unread, CASE WHEN u.unread > 0 OR s.conv IS NOT NULL THEN 0 ELSE last.id END, m.shield
    FROM legacy_import.member_p${part} m
    JOIN (
      SELECT conv, user_id, before FROM (
        SELECT conv, user_id, count(*) FILTER (WHERE user_id IS NULL) OVER (
          PARTITION BY conv ORDER BY at, user_id IS NULL ROWS UNBOUNDED PRECEDING) AS before
        FROM (
          SELECT conv, NULL::int4 AS user_id, created AS at FROM ${staged} WHERE conv < ${firstPair}
          UNION ALL SELECT conv, user_id, joined FROM legacy_import.member_p${part}
        ) AS together
      ) AS counted WHERE user_id IS NOT NULL
    ) AS p ON p.conv = m.conv AND p.user_id = m.user_id
    LEFT JOIN conversation c ON c.conv = m.conv
    CROSS JOIN LATERAL (SELECT coalesce(c.last_id, 0) AS id) last
    CROSS JOIN LATERAL (SELECT least(m.unread, last.id - p.before) AS unread) u
    LEFT JOIN legacy_import.session_p${part} s ON s.conv = m.conv AND s.user_id = m.user_id`);
}

/** Users without a row in IMUser who wrote or got a message: their peers keep the history. */
export async function addPlaceholders(session: TargetSession, staged: string): Promise<void> {
  await session.run(`
    WITH pair AS (
      SELECT DISTINCT conv FROM ${staged} WHERE conv >= ${firstPair}
    ), missing AS (
      SELECT id FROM (
        SELECT from_id AS id FROM ${staged} WHERE conv < ${firstPair}
        UNION SELECT conv >> 32 FROM pair
        UNION SELECT conv & 4294967295 FROM pair
      ) AS named
      WHERE id > 0 AND NOT EXISTS (SELECT FROM im_user u WHERE u.id = named.id)
    ), added AS (
      INSERT INTO im_user (id, name, password_hash, status)
      SELECT id, CASE WHEN EXISTS (SELECT FROM im_user u WHERE u.name = 'gone#' || missing.id)
        THEN 'gone##' ELSE 'gone#' END || id, '', 3 FROM missing ORDER BY id
      ON CONFLICT (id) DO NOTHING
      RETURNING id
    )
    INSERT INTO legacy_import.placeholder_user (id) SELECT id FROM added`);
}

/** Pairs of IMRelationShip without a message that is shown. */
export async function countEmptyRelations(session: TargetSession): Promise<void> {
  const [empty] = await session.rows<{ count: string }>(`
    SELECT count(*) FROM legacy_import.imrelationship r
    WHERE NOT EXISTS (SELECT FROM conversation c
      WHERE c.conv = (least(r.smallid, r.bigid) << 32 | greatest(r.smallid, r.bigid)))`);
  await recordLeftOut(session, 'IMRelationShip', 'relation-without-messages', Number(empty!.count));
}
