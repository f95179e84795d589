-- Stores one batch.
CREATE OR REPLACE FUNCTION append_messages(
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
$$;
