-- Removes the oldest messages of conversations (ascending): in each those from before a time, at most w_limit. The remaining
-- messages begin at kept_from without gaps. Removed messages count as read, so that unread counts cover only the remaining ones.
--
-- unfinished is the first conversation that may have more to remove. Conversation rows are locked last, since new messages wait for
-- them.
CREATE OR REPLACE FUNCTION remove_expired(
  c_conv int8[], c_before timestamptz[], w_limit int4,
  OUT removed int4, OUT conversations int4, OUT unfinished int8
)
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  through int4[];
  whole bool[];
  low int4[];
BEGIN
  SELECT array_agg(o.through ORDER BY n.i), array_agg(o.found < w_limit ORDER BY n.i)
    INTO through, whole
    FROM unnest(c_conv, c_before) WITH ORDINALITY AS n(conv, before, i)
    CROSS JOIN LATERAL (
      SELECT coalesce(max(x.id), 0) AS through, count(*) AS found FROM (
        SELECT m.id, bool_and(m.created_at < n.before) OVER (ORDER BY m.id) AS is_old
        FROM (SELECT y.id, y.created_at FROM message y WHERE y.conv = n.conv ORDER BY y.id LIMIT w_limit) m
      ) x WHERE x.is_old
    ) o;
  low := ARRAY(
    SELECT low_sent_up_to(n.conv, n.through) FROM unnest(c_conv, through) WITH ORDINALITY AS n(conv, through, i) ORDER BY n.i);

  WITH gone AS (
    DELETE FROM message m USING unnest(c_conv, through) AS n(conv, through)
      WHERE m.conv = n.conv AND m.id <= n.through
      RETURNING m.conv
  )
  SELECT count(*), count(DISTINCT gone.conv) INTO removed, conversations FROM gone;
  DELETE FROM message_key k USING unnest(c_conv, through, whole) AS n(conv, through, whole)
    WHERE n.whole AND k.conv = n.conv AND k.msg_id <= n.through;

  PERFORM 1 FROM conversation c WHERE c.conv = ANY (c_conv) ORDER BY c.conv FOR NO KEY UPDATE;
  UPDATE conversation c SET kept_from = n.through + 1,
      low_seen = CASE WHEN n.conv >= 4294967296 AND n.through > c.low_read THEN n.through - n.low ELSE c.low_seen END,
      low_read = CASE WHEN n.conv >= 4294967296 THEN greatest(c.low_read, n.through) ELSE c.low_read END,
      high_seen = CASE WHEN n.conv >= 4294967296 AND n.through > c.high_read THEN n.low ELSE c.high_seen END,
      high_read = CASE WHEN n.conv >= 4294967296 THEN greatest(c.high_read, n.through) ELSE c.high_read END
    FROM unnest(c_conv, through, low) AS n(conv, through, low)
    WHERE c.conv = n.conv AND n.through >= c.kept_from;
  PERFORM 1 FROM unnest(c_conv, through) AS n(conv, through)
    JOIN group_member x ON n.conv < 4294967296 AND x.group_id = n.conv AND x.read_id < n.through
    ORDER BY x.group_id, x.user_id FOR NO KEY UPDATE OF x;
  UPDATE group_member x SET read_id = n.through
    FROM unnest(c_conv, through) AS n(conv, through)
    WHERE n.conv < 4294967296 AND x.group_id = n.conv AND x.read_id < n.through;

  SELECT min(n.conv) INTO unfinished FROM unnest(c_conv, whole) AS n(conv, whole) WHERE NOT n.whole;
END
$$;
