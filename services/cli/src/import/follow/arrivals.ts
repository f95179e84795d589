import { addPlaceholders } from '../copy/conversations.js';
import type { TargetSession } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';

/** Messages that came since the copy, on their way to their places. Emptied in the transaction that fills it. */
export const arrivalTable = `CREATE UNLOGGED TABLE IF NOT EXISTS legacy_import.arrived (
  conv int8 NOT NULL, relate_id int8 NOT NULL, legacy_id int8 NOT NULL, from_id int8 NOT NULL, msg_id int8 NOT NULL,
  type int2 NOT NULL, created int8 NOT NULL, table_no int2 NOT NULL, data bytea NOT NULL)`;

/**
 * Brings what is in `arrived` to its places. A message can belong before ones that are here (clocks differ, and a pair can have two
 * relations): from the first of them on the conversation is built anew.
 */
export async function placeArrivals(session: TargetSession): Promise<void> {
  await session.run('ANALYZE legacy_import.arrived');
  await recordNewRelations(session);
  await takeUpTails(session);
  await insertNumbered(session);
  await moveJoins(session);
  await addPlaceholders(session, 'legacy_import.arrived');
  await session.run('DELETE FROM legacy_import.arrived');
}

/** A pair that gets a second relation: from now on each of its messages has to be known by its relation. */
async function recordNewRelations(session: TargetSession): Promise<void> {
  await session.run(`
    WITH added AS (
      SELECT DISTINCT conv, relate_id FROM legacy_import.arrived a WHERE conv >= ${firstPair}
        AND NOT EXISTS (SELECT FROM legacy_import.relation r WHERE r.conv = a.conv AND r.relate_id = a.relate_id)
    ), recorded AS (
      INSERT INTO legacy_import.relation (conv, relate_id) SELECT conv, relate_id FROM added
    )
    INSERT INTO legacy_import.message_relation (conv, id, relate_id)
    SELECT m.conv, m.id, single.relate_id
    FROM (
      SELECT conv, min(relate_id) AS relate_id FROM legacy_import.relation
      WHERE conv IN (SELECT conv FROM added) GROUP BY conv HAVING count(*) = 1
    ) AS single
    JOIN message m ON m.conv = single.conv`);
}

/** Moves the messages that are not certain to stay before the ones that arrived from their places into `arrived`. */
async function takeUpTails(session: TargetSession): Promise<void> {
  await session.run(`
    WITH first AS (
      SELECT conv, to_timestamp(min(created)) AS at FROM legacy_import.arrived GROUP BY conv
    ), kept AS (
      SELECT f.conv, coalesce((
        SELECT m.id FROM message m WHERE m.conv = f.conv AND m.created_at < f.at ORDER BY m.id DESC LIMIT 1), 0) AS id
      FROM first f JOIN conversation c ON c.conv = f.conv AND c.last_at >= f.at
    ), tail AS (
      DELETE FROM message m USING kept k WHERE m.conv = k.conv AND m.id > k.id
      RETURNING m.conv, m.id, m.from_id, m.token, m.created_at, m.type, m.data
    ), renumbered AS (
      DELETE FROM legacy_import.message_map m USING kept k WHERE m.conv = k.conv AND m.new_id > k.id
      RETURNING m.conv, m.new_id, m.old_id
    ), related AS (
      DELETE FROM legacy_import.message_relation r USING kept k WHERE r.conv = k.conv AND r.id > k.id
      RETURNING r.conv, r.id, r.relate_id
    )
    INSERT INTO legacy_import.arrived (conv, relate_id, legacy_id, from_id, msg_id, type, created, table_no, data)
    SELECT t.conv, o.relate_id, t.token, t.from_id, coalesce(m.old_id, t.id), t.type, extract(epoch FROM t.created_at)::int8,
      o.relate_id % 8 + CASE WHEN t.conv < ${firstPair} THEN 8 ELSE 0 END, t.data
    FROM tail t
    LEFT JOIN renumbered m ON m.conv = t.conv AND m.new_id = t.id
    LEFT JOIN related r ON r.conv = t.conv AND r.id = t.id
    CROSS JOIN LATERAL (SELECT CASE WHEN t.conv < ${firstPair} THEN t.conv ELSE coalesce(r.relate_id, (
      SELECT single.relate_id FROM legacy_import.relation single WHERE single.conv = t.conv)) END AS relate_id) AS o`);
}

async function insertNumbered(session: TargetSession): Promise<void> {
  await session.run(`
    WITH base AS (
      SELECT a.conv, coalesce(last.id, 0) AS id,
        CASE WHEN last.from_id = a.conv >> 32 THEN last.sender_seq ELSE coalesce(last.id - last.sender_seq, 0) END AS of_low
      FROM (SELECT DISTINCT conv FROM legacy_import.arrived) AS a
      LEFT JOIN LATERAL (
        SELECT m.id, m.from_id, m.sender_seq FROM message m WHERE m.conv = a.conv ORDER BY m.id DESC LIMIT 1) AS last ON true
    ), numbered AS MATERIALIZED (
      SELECT a.*, (b.id + row_number() OVER place)::int4 AS id,
        (b.of_low + count(*) FILTER (WHERE a.from_id = a.conv >> 32) OVER place)::int4 AS of_low
      FROM legacy_import.arrived a JOIN base b ON b.conv = a.conv
      WINDOW place AS (PARTITION BY a.conv ORDER BY a.created, a.relate_id, a.legacy_id ROWS UNBOUNDED PRECEDING)
    ), inserted AS (
      INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      SELECT conv, id, from_id,
        CASE WHEN conv < ${firstPair} THEN 0 WHEN from_id = conv >> 32 THEN of_low ELSE id - of_low END,
        legacy_id, to_timestamp(created), type, data
      FROM numbered
    ), renumbered AS (
      INSERT INTO legacy_import.message_map (conv, old_id, new_id, table_no, legacy_id)
      SELECT conv, msg_id, id, table_no, legacy_id FROM numbered WHERE msg_id <> id
    ), related AS (
      INSERT INTO legacy_import.message_relation (conv, id, relate_id)
      SELECT conv, id, relate_id FROM numbered n
      WHERE (SELECT count(*) FROM legacy_import.relation r WHERE r.conv = n.conv) > 1
    )
    INSERT INTO conversation (conv, last_id, last_at, low_sent)
    SELECT conv, max(id), to_timestamp(max(created)), CASE WHEN conv < ${firstPair} THEN 0 ELSE max(of_low) END
    FROM numbered GROUP BY conv
    ON CONFLICT (conv) DO UPDATE SET last_id = excluded.last_id, last_at = excluded.last_at, low_sent = excluded.low_sent`);
}

/** Members who joined after the first message that arrived: so many more messages are from before. */
async function moveJoins(session: TargetSession): Promise<void> {
  await session.run(`
    UPDATE group_member g SET join_msg_id = ${messagesBefore('g.group_id', 'g.joined_at')}
    FROM (
      SELECT conv, to_timestamp(min(created)) AS at FROM legacy_import.arrived WHERE conv < ${firstPair} GROUP BY conv
    ) AS first
    WHERE g.group_id = first.conv AND g.joined_at > first.at`);
}

/** In SQL: how many messages a conversation has from before a time. */
export function messagesBefore(conv: string, at: string): string {
  return `coalesce((
    SELECT b.id FROM message b WHERE b.conv = ${conv} AND b.created_at < ${at} ORDER BY b.id DESC LIMIT 1), 0)`;
}
