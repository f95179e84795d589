import type { MigrationInterface, QueryRunner } from 'typeorm';

const partitions = 16;

/**
 * Conversations, messages, the outbox, and the two statements of the hot path as functions: one call numbers, checks and
 * stores a whole batch.
 */
export class Messages1764000000001 implements MigrationInterface {
  readonly name = 'Messages1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    // conv: (lower user id << 32) | higher user id for a pair, the group id for a group. The low_ and high_
    // columns are the two sides of a pair and stay 0 for a group. fillfactor leaves room for HOT updates,
    // and no index holds a column that changes.
    await runner.query(`
      CREATE TABLE conversation (
        conv int8 PRIMARY KEY,
        last_id int4 NOT NULL DEFAULT 0,
        last_at timestamptz NOT NULL DEFAULT to_timestamp(0),
        low_sent int4 NOT NULL DEFAULT 0,
        low_read int4 NOT NULL DEFAULT 0,
        high_read int4 NOT NULL DEFAULT 0,
        low_seen int4 NOT NULL DEFAULT 0,
        high_seen int4 NOT NULL DEFAULT 0,
        low_removed int4 NOT NULL DEFAULT 0,
        high_removed int4 NOT NULL DEFAULT 0
      ) WITH (fillfactor = 50)`);
    await runner.query(
      `COMMENT ON COLUMN conversation.low_sent IS 'messages the lower user has sent; the higher one sent the rest'`,
    );
    await runner.query(`COMMENT ON COLUMN conversation.low_read IS 'newest msg_id the lower user has read'`);
    await runner.query(
      `COMMENT ON COLUMN conversation.low_seen IS 'how many of the other user''s messages that is'`,
    );
    await runner.query(
      `COMMENT ON COLUMN conversation.low_removed IS 'last_id when the lower user removed the session from his list'`,
    );
    await runner.query(`
      CREATE INDEX conversation_high_user ON conversation ((conv & 4294967295)) WHERE conv >= 4294967296`);

    await runner.query(`
      CREATE TABLE message (
        conv int8 NOT NULL,
        id int4 NOT NULL,
        from_id int4 NOT NULL,
        sender_seq int4 NOT NULL,
        token int8 NOT NULL,
        created_at timestamptz NOT NULL,
        type int2 NOT NULL,
        data bytea NOT NULL,
        PRIMARY KEY (conv, id)
      ) PARTITION BY HASH (conv)`);
    await runner.query(
      `COMMENT ON COLUMN message.sender_seq IS 'number of this message among its sender''s in the conversation; 0 in groups'`,
    );
    await runner.query(
      `COMMENT ON COLUMN message.token IS 'the trace id: instance that took it in (upper half) and its ticket'`,
    );
    for (let part = 0; part < partitions; part++) {
      await runner.query(`
        CREATE TABLE message_p${part} PARTITION OF message
        FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})`);
    }

    await runner.query(`
      CREATE TABLE message_key (
        conv int8 NOT NULL,
        from_id int4 NOT NULL,
        key bytea NOT NULL,
        msg_id int4 NOT NULL,
        PRIMARY KEY (conv, from_id, key)
      )`);
    await runner.query(
      `COMMENT ON TABLE message_key IS 'the senders'' own keys: the same key again is the same message'`,
    );

    await runner.query(`
      CREATE TABLE outbox (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        owner int8 NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        bases int4[] NOT NULL,
        payload bytea NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE outbox IS 'batches that are stored but not yet delivered; a row goes when every msg_server concerned has them'`,
    );

    await runner.query(appendMessages);
    await runner.query(markRead);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION mark_read');
    await runner.query('DROP FUNCTION append_messages');
    await runner.query('DROP TABLE outbox');
    await runner.query('DROP TABLE message_key');
    await runner.query('DROP TABLE message');
    await runner.query('DROP TABLE conversation');
  }
}

/**
 * Stores one batch. The c_ arrays describe its conversations (ascending, so that replicas lock them in
 * the same order; the settings keep the planner to that order), the m_ arrays its messages, with their
 * ranks inside the batch counted by the caller. g_, k_ and r_ are indexes of messages that need a look-up first: those
 * to groups, those with a sender's key, and retries.
 *
 * If one of these is refused or already stored, nothing is stored and only these findings are returned; the caller
 * removes the messages and calls again. A conversation whose users or group do not exist gets a null base, and its
 * messages are skipped.
 *
 * Exported for `down` of 1764000000003, which replaces it.
 */
export const appendMessages = `
CREATE FUNCTION append_messages(
  c_conv int8[], c_count int4[], c_low int4[],
  m_conv int4[], m_rank int4[], m_from int4[], m_sender_rank int4[], m_type int2[], m_token int8[], m_data bytea[],
  g_message int4[], k_message int4[], k_key bytea[], r_message int4[],
  batch_owner int8, batch_payload bytea, delivered int8[],
  OUT bases int4[], OUT stored_at timestamptz, OUT outbox_id int8, OUT group_versions int4[],
  OUT refused int4[], OUT known int4[], OUT known_id int4[]
)
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  low_bases int4[];
  present int4[];
  missing int4[];
  more_bases int4[];
  more_low_bases int4[];
BEGIN
  IF cardinality(delivered) > 0 THEN
    DELETE FROM outbox WHERE id = ANY (delivered);
  END IF;

  IF cardinality(r_message) > 0 THEN
    -- The first attempt may still be under way in another session: wait for it.
    PERFORM 1 FROM conversation
      WHERE conv IN (SELECT c_conv[m_conv[i]] FROM unnest(r_message) AS i)
      ORDER BY conv FOR UPDATE;
    SELECT array_agg(r.i), array_agg(m.id) INTO known, known_id
      FROM unnest(r_message) AS r(i)
      JOIN conversation c ON c.conv = c_conv[m_conv[r.i]]
      JOIN message m ON m.conv = c.conv AND m.id > c.last_id - 1000 AND m.token = m_token[r.i];
  END IF;
  IF known IS NULL AND cardinality(k_message) > 0 THEN
    SELECT array_agg(k.i), array_agg(x.msg_id) INTO known, known_id
      FROM unnest(k_message, k_key) AS k(i, key)
      JOIN message_key x ON x.conv = c_conv[m_conv[k.i]] AND x.from_id = m_from[k.i] AND x.key = k.key;
  END IF;
  IF cardinality(g_message) > 0 THEN
    SELECT array_agg(g.i) INTO refused
      FROM unnest(g_message) AS g(i)
      WHERE NOT EXISTS (
        SELECT FROM group_member x WHERE x.group_id = c_conv[m_conv[g.i]] AND x.user_id = m_from[g.i]);
  END IF;
  IF known IS NOT NULL OR refused IS NOT NULL THEN
    RETURN;
  END IF;

  stored_at := clock_timestamp();
  WITH moved AS (
    UPDATE conversation c
      SET last_id = c.last_id + n.count, last_at = stored_at, low_sent = c.low_sent + n.low
      FROM unnest(c_conv, c_count, c_low) WITH ORDINALITY AS n(conv, count, low, i)
      WHERE c.conv = n.conv
      RETURNING n.i, c.last_id - n.count AS base, c.low_sent - n.low AS low_base
  )
  SELECT array_agg(moved.i ORDER BY moved.i), array_agg(base ORDER BY moved.i), array_agg(low_base ORDER BY moved.i)
    INTO present, bases, low_bases FROM moved;

  IF present IS NULL OR cardinality(present) < cardinality(c_conv) THEN
    SELECT array_agg(n.i ORDER BY n.i) INTO missing
      FROM generate_subscripts(c_conv, 1) AS n(i) WHERE n.i <> ALL (coalesce(present, '{}'));
    INSERT INTO conversation (conv)
      SELECT c_conv[i] FROM unnest(missing) AS i
      WHERE CASE WHEN c_conv[i] >= 4294967296
        THEN (SELECT count(*) FROM im_user u WHERE u.id IN ((c_conv[i] >> 32)::int4, (c_conv[i] & 4294967295)::int4)) = 2
        ELSE EXISTS (SELECT FROM chat_group g WHERE g.id = c_conv[i]::int4) END
      ORDER BY c_conv[i]
      ON CONFLICT DO NOTHING;
    WITH moved AS (
      UPDATE conversation c
        SET last_id = c.last_id + c_count[n.i], last_at = stored_at, low_sent = c.low_sent + c_low[n.i]
        FROM unnest(missing) AS n(i)
        WHERE c.conv = c_conv[n.i]
        RETURNING n.i, c.last_id - c_count[n.i] AS base, c.low_sent - c_low[n.i] AS low_base
    ), together AS (
      SELECT f.i, f.base, f.low_base FROM unnest(present, bases, low_bases) AS f(i, base, low_base)
      UNION ALL SELECT moved.i, base, low_base FROM moved
    )
    SELECT array_agg(t.base ORDER BY n.i), array_agg(t.low_base ORDER BY n.i) INTO more_bases, more_low_bases
      FROM generate_subscripts(c_conv, 1) AS n(i) LEFT JOIN together t ON t.i = n.i;
    bases := more_bases;
    low_bases := more_low_bases;
  END IF;

  INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
    SELECT c_conv[m.c], bases[m.c] + m.rank, m.from_id,
      CASE WHEN c_conv[m.c] < 4294967296 THEN 0
        WHEN m.from_id = c_conv[m.c] >> 32 THEN low_bases[m.c] + m.sender_rank
        ELSE bases[m.c] - low_bases[m.c] + m.sender_rank END,
      m.token, stored_at, m.type, m.data
    FROM unnest(m_conv, m_rank, m_from, m_sender_rank, m_type, m_token, m_data)
      AS m(c, rank, from_id, sender_rank, type, token, data)
    WHERE bases[m.c] IS NOT NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  IF cardinality(k_message) > 0 THEN
    INSERT INTO message_key (conv, from_id, key, msg_id)
      SELECT c_conv[m_conv[k.i]], m_from[k.i], k.key, bases[m_conv[k.i]] + m_rank[k.i]
      FROM unnest(k_message, k_key) AS k(i, key)
      WHERE bases[m_conv[k.i]] IS NOT NULL;
  END IF;

  IF cardinality(g_message) > 0 THEN
    -- Who writes to a group has read it up to there, as in the original.
    UPDATE group_member x SET read_id = w.id
      FROM (
        SELECT c_conv[m_conv[g.i]]::int4 AS group_id, m_from[g.i] AS user_id, max(bases[m_conv[g.i]] + m_rank[g.i]) AS id
        FROM unnest(g_message) AS g(i) GROUP BY 1, 2 ORDER BY 1, 2
      ) w
      WHERE x.group_id = w.group_id AND x.user_id = w.user_id;
    SELECT array_agg(g.version ORDER BY n.i) INTO group_versions
      FROM unnest(c_conv) WITH ORDINALITY AS n(conv, i)
      LEFT JOIN chat_group g ON n.conv < 4294967296 AND g.id = n.conv::int4;
  END IF;

  INSERT INTO outbox (owner, bases, payload) VALUES (batch_owner, bases, batch_payload) RETURNING id INTO outbox_id;
END
$$`;

/**
 * Moves read positions. Pairs come as (conv, position of the low user, of the high user; 0: unchanged),
 * groups as (group, user, position). Positions beyond the newest message count as the newest; none moves
 * back. Returns the resulting positions, null where there is no such conversation or membership.
 */
const markRead = `
CREATE FUNCTION mark_read(
  p_conv int8[], p_low int4[], p_high int4[], g_group int4[], g_user int4[], g_id int4[],
  OUT low_read int4[], OUT high_read int4[], OUT group_read int4[]
)
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
BEGIN
  IF cardinality(p_conv) > 0 THEN
    UPDATE conversation c SET
        low_read = greatest(c.low_read, least(n.low, c.last_id)),
        low_seen = CASE
          WHEN n.low <= c.low_read THEN c.low_seen
          WHEN n.low >= c.last_id THEN c.last_id - c.low_sent
          ELSE (SELECT CASE WHEN m.from_id = c.conv >> 32 THEN m.id - m.sender_seq ELSE m.sender_seq END
                FROM message m WHERE m.conv = c.conv AND m.id = n.low) END,
        high_read = greatest(c.high_read, least(n.high, c.last_id)),
        high_seen = CASE
          WHEN n.high <= c.high_read THEN c.high_seen
          WHEN n.high >= c.last_id THEN c.low_sent
          ELSE (SELECT CASE WHEN m.from_id = c.conv >> 32 THEN m.sender_seq ELSE m.id - m.sender_seq END
                FROM message m WHERE m.conv = c.conv AND m.id = n.high) END
      FROM unnest(p_conv, p_low, p_high) AS n(conv, low, high)
      WHERE c.conv = n.conv
        AND (least(n.low, c.last_id) > c.low_read OR least(n.high, c.last_id) > c.high_read);
    SELECT array_agg(c.low_read ORDER BY n.i), array_agg(c.high_read ORDER BY n.i) INTO low_read, high_read
      FROM unnest(p_conv) WITH ORDINALITY AS n(conv, i) LEFT JOIN conversation c ON c.conv = n.conv;
  END IF;
  IF cardinality(g_group) > 0 THEN
    UPDATE group_member x SET read_id = least(n.id, c.last_id)
      FROM unnest(g_group, g_user, g_id) AS n(group_id, user_id, id)
      JOIN conversation c ON c.conv = n.group_id
      WHERE x.group_id = n.group_id AND x.user_id = n.user_id AND least(n.id, c.last_id) > x.read_id;
    SELECT array_agg(x.read_id ORDER BY n.i) INTO group_read
      FROM unnest(g_group, g_user) WITH ORDINALITY AS n(group_id, user_id, i)
      LEFT JOIN group_member x ON x.group_id = n.group_id AND x.user_id = n.user_id;
  END IF;
END
$$`;
