-- Makes a push_job for each device of each receiver of the batches marked longer than hold_ms ago, and returns how many it took.
-- The marks of a batch are to be seen with its messages. Marks of transactions that commit meanwhile are taken the next time.
CREATE OR REPLACE FUNCTION take_push_marks(hold_ms float8, most int4) RETURNS int4
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  marks int4;
  t_conv int8[];
  t_last int4[];
  t_at timestamptz[];
  t_low bool[];
  t_high bool[];
BEGIN
  WITH taken AS (
    DELETE FROM push_mark p WHERE p.ctid = ANY (ARRAY(
      SELECT ctid FROM push_mark WHERE marked_at <= clock_timestamp() - hold_ms * interval '1 ms'
      ORDER BY marked_at LIMIT most FOR UPDATE SKIP LOCKED))
    RETURNING p.marked_at, p.conv, p.base, p.count, p.low
  ), each AS (
    SELECT m.conv, max(m.base + m.count) AS last, min(t.marked_at) AS at, bool_or(m.count > m.low) AS to_low,
      bool_or(m.low > 0) AS to_high
    FROM taken t, unnest(t.conv, t.base, t.count, t.low) AS m(conv, base, count, low)
    WHERE m.base IS NOT NULL GROUP BY m.conv
  )
  SELECT (SELECT count(*) FROM taken), array_agg(conv), array_agg(last), array_agg(at), array_agg(to_low),
      array_agg(to_high)
    INTO marks, t_conv, t_last, t_at, t_low, t_high FROM each;
  IF t_conv IS NULL THEN
    RETURN marks;
  END IF;

  INSERT INTO push_job AS j (device_id, user_id, conv, msg_id, marked_at, expires_at)
    SELECT d.id, r.user_id, r.conv, r.last, r.at, r.at + interval '1 day'
    FROM (
      SELECT t.conv, (t.conv >> 32)::int4 AS user_id, t.last, t.at
        FROM unnest(t_conv, t_last, t_at, t_low) AS t(conv, last, at, to_low) WHERE t.conv >= 4294967296 AND t.to_low
      UNION ALL
      SELECT t.conv, (t.conv & 4294967295)::int4, t.last, t.at
        FROM unnest(t_conv, t_last, t_at, t_high) AS t(conv, last, at, to_high)
        WHERE t.conv >= 4294967296 AND t.to_high
      UNION ALL
      SELECT t.conv, g.user_id, t.last, t.at
        FROM unnest(t_conv, t_last, t_at) AS t(conv, last, at)
        JOIN group_member g ON g.group_id = CASE WHEN t.conv < 4294967296 THEN t.conv::int4 END
        WHERE NOT g.shield AND g.read_id < t.last
    ) r
    JOIN push_device d ON d.user_id = r.user_id AND d.failure IS NULL
    CROSS JOIN LATERAL push_conversation(r.conv, r.user_id) k
    WHERE k.unread > 0
    ORDER BY d.id, r.conv
    -- As everybody who changes a device: first it, then its jobs.
    FOR KEY SHARE OF d
    ON CONFLICT (device_id, conv) DO UPDATE SET
      msg_id = excluded.msg_id,
      shown_id = CASE WHEN j.user_id = excluded.user_id THEN j.shown_id ELSE 0 END,
      user_id = excluded.user_id,
      marked_at = CASE WHEN j.due_at IS NULL THEN excluded.marked_at ELSE j.marked_at END,
      due_at = coalesce(j.due_at, now()),
      expires_at = greatest(j.expires_at, excluded.expires_at)
      -- A push shows the newest message there is, so it may have shown this one before its mark was taken.
      WHERE excluded.msg_id > greatest(j.shown_id, j.msg_id) OR j.user_id <> excluded.user_id;
  RETURN marks;
END
$$;
