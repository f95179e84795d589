-- Stores one batch. The c_ arrays describe its conversations (ascending, so that replicas lock them in the same order; the
-- settings keep the planner to that order), the m_ arrays its messages, with their ranks inside the batch counted by the
-- caller. g_, k_ and r_ are indexes of messages that need a look-up first: those to groups, those with a sender's key, and
-- retries.
--
-- If one of these is refused or already stored, nothing is stored and only these findings are returned; the caller removes
-- the messages and calls again. A conversation whose users or group do not exist gets a null base, and its messages are
-- skipped.
--
-- r_horizon has for each of r_message a transaction_horizon from before its first attempt, or 0 where it is unknown; the
-- search is then 100,000 transactions deep. too_far lists the retries for which it cannot be determined whether they are
-- stored; as with refused, nothing is stored then.
--
-- As version 6, except that members who are muted, or whose group is, are refused like users who are not members. A mute that
-- begins while a message is being stored does not stop that message.
CREATE OR REPLACE FUNCTION append_messages(
  c_conv int8[], c_count int4[], c_low int4[],
  m_conv int4[], m_rank int4[], m_from int4[], m_sender_rank int4[], m_type int2[], m_token int8[], m_data bytea[],
  g_message int4[], k_message int4[], k_key bytea[], r_message int4[],
  batch_owner int8, batch_payload bytea, delivered int8[], batch_writer int8, r_horizon int8[],
  OUT bases int4[], OUT stored_at timestamptz, OUT outbox_id int8, OUT group_versions int4[],
  OUT refused int4[], OUT known int4[], OUT known_id int4[], OUT open_from int4[], OUT too_far int4[]
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
  taken_over int4[];
  more_taken_over int4[];
  sender_left bool;
  retried record;
  looked record;
  now_at int8;
  found_tokens int8[] := '{}';
  found_ids int4[] := '{}';
BEGIN
  IF cardinality(delivered) > 0 THEN
    DELETE FROM outbox WHERE id = ANY (delivered);
  END IF;

  IF cardinality(r_message) > 0 THEN
    -- The first attempt may still be under way in another session: wait for it. There has to be a row to wait at.
    INSERT INTO conversation (conv)
      SELECT DISTINCT c_conv[m_conv[r.i]] AS conv FROM unnest(r_message) AS r(i)
      WHERE NOT EXISTS (SELECT FROM conversation c WHERE c.conv = c_conv[m_conv[r.i]])
        AND CASE WHEN c_conv[m_conv[r.i]] >= 4294967296
          THEN (SELECT count(*) FROM im_user u
            WHERE u.id IN ((c_conv[m_conv[r.i]] >> 32)::int4, (c_conv[m_conv[r.i]] & 4294967295)::int4)) = 2
          ELSE EXISTS (SELECT FROM chat_group g WHERE g.id = c_conv[m_conv[r.i]]::int4) END
      ORDER BY conv
      ON CONFLICT DO NOTHING;
    PERFORM 1 FROM conversation
      WHERE conv IN (SELECT c_conv[m_conv[i]] FROM unnest(r_message) AS i)
      ORDER BY conv FOR UPDATE;
    now_at := transaction_horizon();
    FOR retried IN
      SELECT c_conv[m_conv[r.i]] AS conv, array_agg(m_token[r.i]) AS tokens,
        -- One of another timeline may lie ahead, and says nothing.
        max(CASE WHEN transactions_back(nullif(r.since, 0), now_at) >= 0 THEN transactions_back(r.since, now_at)
          ELSE 100000 END) AS back
      FROM unnest(r_message, r_horizon) AS r(i, since) GROUP BY 1
    LOOP
      SELECT * INTO looked
        FROM find_retried_since(retried.conv, retried.tokens, (now_at - retried.back) & 4294967295);
      found_tokens := found_tokens || looked.tokens;
      found_ids := found_ids || looked.ids;
      IF looked.too_far THEN
        too_far := too_far || ARRAY(
          SELECT r.i FROM unnest(r_message) AS r(i)
          WHERE c_conv[m_conv[r.i]] = retried.conv AND m_token[r.i] <> ALL (found_tokens));
      END IF;
    END LOOP;
    SELECT array_agg(r.i), array_agg(f.id) INTO known, known_id
      FROM unnest(r_message) AS r(i)
      JOIN unnest(found_tokens, found_ids) AS f(token, id) ON f.token = m_token[r.i];
  END IF;
  IF known IS NULL AND too_far IS NULL AND cardinality(k_message) > 0 THEN
    SELECT array_agg(k.i), array_agg(x.msg_id) INTO known, known_id
      FROM unnest(k_message, k_key) AS k(i, key)
      JOIN message_key x ON x.conv = c_conv[m_conv[k.i]] AND x.from_id = m_from[k.i] AND x.key = k.key;
  END IF;
  IF cardinality(g_message) > 0 THEN
    SELECT array_agg(g.i) INTO refused
      FROM unnest(g_message) AS g(i)
      WHERE NOT EXISTS (
        SELECT FROM group_member x
          WHERE x.group_id = c_conv[m_conv[g.i]] AND x.user_id = m_from[g.i]
            AND (x.muted_until IS NULL OR x.muted_until <= clock_timestamp())
            AND NOT EXISTS (
              SELECT FROM chat_group c WHERE c.id = x.group_id AND c.muted_until IS NOT NULL
                AND c.muted_until > clock_timestamp() AND c.creator_id <> x.user_id
                -- Of c, so that it is not looked for while nothing is muted.
                AND NOT EXISTS (SELECT FROM bot b WHERE b.user_id = x.user_id AND c.id > 0)));
  END IF;
  IF known IS NOT NULL OR too_far IS NOT NULL OR refused IS NOT NULL THEN
    RETURN;
  END IF;

  stored_at := clock_timestamp();
  WITH moved AS (
    UPDATE conversation c
      SET last_id = c.last_id + n.count, last_at = stored_at, low_sent = c.low_sent + n.low,
        writer = (batch_writer << 1) | (c.last_id > 0 AND c.writer >> 1 <> batch_writer)::int
      FROM unnest(c_conv, c_count, c_low) WITH ORDINALITY AS n(conv, count, low, i)
      WHERE c.conv = n.conv
      RETURNING n.i, c.last_id - n.count AS base, c.low_sent - n.low AS low_base, c.writer & 1 = 1 AS taken_over
  )
  SELECT array_agg(moved.i ORDER BY moved.i), array_agg(base ORDER BY moved.i), array_agg(low_base ORDER BY moved.i),
      array_agg(moved.i) FILTER (WHERE moved.taken_over)
    INTO present, bases, low_bases, taken_over FROM moved;

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
        SET last_id = c.last_id + c_count[n.i], last_at = stored_at, low_sent = c.low_sent + c_low[n.i],
          writer = (batch_writer << 1) | (c.last_id > 0 AND c.writer >> 1 <> batch_writer)::int
        FROM unnest(missing) AS n(i)
        WHERE c.conv = c_conv[n.i]
        RETURNING n.i, c.last_id - c_count[n.i] AS base, c.low_sent - c_low[n.i] AS low_base,
          c.writer & 1 = 1 AS taken_over
    ), together AS (
      SELECT f.i, f.base, f.low_base, false AS taken_over
        FROM unnest(present, bases, low_bases) AS f(i, base, low_base)
      UNION ALL SELECT moved.i, base, low_base, moved.taken_over FROM moved
    )
    SELECT array_agg(t.base ORDER BY n.i), array_agg(t.low_base ORDER BY n.i),
        array_agg(n.i) FILTER (WHERE t.taken_over)
      INTO more_bases, more_low_bases, more_taken_over
      FROM generate_subscripts(c_conv, 1) AS n(i) LEFT JOIN together t ON t.i = n.i;
    bases := more_bases;
    low_bases := more_low_bases;
    taken_over := taken_over || more_taken_over;
  END IF;

  -- From here on the conversations are ours. A first attempt that comes after the retry of one of its messages
  -- (its connection broke, and the statement lived on) must not store that message once more.
  IF EXISTS (SELECT FROM retried_message) THEN
    IF EXISTS (
      SELECT FROM unnest(m_token) WITH ORDINALITY AS m(token, i)
      JOIN retried_message x ON x.token = m.token
      WHERE m.i <> ALL (r_message)
    ) THEN
      RAISE EXCEPTION 'a message has been sent again meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;
  IF cardinality(r_message) > 0 THEN
    INSERT INTO retried_message (token) SELECT m_token[r.i] FROM unnest(r_message) AS r(i) ON CONFLICT DO NOTHING;
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
    WITH written AS (
      SELECT c_conv[m_conv[g.i]]::int4 AS group_id, m_from[g.i] AS user_id, max(bases[m_conv[g.i]] + m_rank[g.i]) AS id
      FROM unnest(g_message) AS g(i) GROUP BY 1, 2 ORDER BY 1, 2
    ), moved AS (
      UPDATE group_member x SET read_id = w.id
        FROM written w
        WHERE x.group_id = w.group_id AND x.user_id = w.user_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved) < (SELECT count(*) FROM written) INTO sender_left;
    IF sender_left THEN
      -- Removed after the look above and before this call had the conversation's lock: look again.
      RAISE EXCEPTION 'a sender has just left the group' USING ERRCODE = 'serialization_failure';
    END IF;
    SELECT array_agg(g.version ORDER BY n.i) INTO group_versions
      FROM unnest(c_conv) WITH ORDINALITY AS n(conv, i)
      LEFT JOIN chat_group g ON g.id = CASE WHEN n.conv < 4294967296 THEN n.conv::int4 END;
  END IF;

  IF taken_over IS NOT NULL THEN
    -- All lower ids are committed, for the conversations are ours: what is not delivered of them is to be seen.
    open_from := open_messages(
      ARRAY(SELECT c_conv[t.i] FROM unnest(taken_over) WITH ORDINALITY AS t(i, at) ORDER BY t.at),
      ARRAY(SELECT bases[t.i] + 1 FROM unnest(taken_over) WITH ORDINALITY AS t(i, at) ORDER BY t.at));
    open_from := ARRAY(
      SELECT open_from[array_position(taken_over, n.i)] FROM generate_subscripts(c_conv, 1) AS n(i) ORDER BY n.i);
  END IF;

  INSERT INTO outbox (owner, conv, bases, payload) VALUES (batch_owner, c_conv, bases, batch_payload)
    RETURNING id INTO outbox_id;
END
$$;
