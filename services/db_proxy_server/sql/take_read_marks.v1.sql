-- Makes jobs due whose banners have been read elsewhere, with or without newer messages. Of those that are claimed, finish_pushes sees it.
-- Returns how many marks it took, and who has read which conversation: see push_badges.
CREATE OR REPLACE FUNCTION take_read_marks(most int4, OUT reads int4, OUT t_conv int8[], OUT t_user int4[])
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  t_job int8[];
BEGIN
  WITH taken AS (
    DELETE FROM push_read p WHERE p.ctid = ANY (ARRAY(
      SELECT ctid FROM push_read ORDER BY marked_at LIMIT most FOR UPDATE SKIP LOCKED))
    RETURNING p.conv, p.user_id
  ), each AS (
    SELECT DISTINCT m.conv, m.user_id FROM taken t, unnest(t.conv, t.user_id) AS m(conv, user_id)
  )
  SELECT (SELECT count(*) FROM taken), array_agg(conv), array_agg(user_id) INTO reads, t_conv, t_user FROM each;
  IF t_conv IS NULL THEN
    RETURN;
  END IF;
  -- Waits for outcomes that are being recorded: they may not have seen these reads.
  SELECT array_agg(l.id) INTO t_job FROM (
    SELECT j.id FROM unnest(t_conv, t_user) AS r(conv, user_id)
    JOIN push_device d ON d.user_id = r.user_id AND d.failure IS NULL
    JOIN push_job j ON j.device_id = d.id AND j.conv = r.conv
    ORDER BY j.device_id, j.conv FOR UPDATE OF j
  ) l;
  UPDATE push_job j SET due_at = now(), marked_at = now(), expires_at = now() + interval '1 day'
    FROM (
      SELECT x.id FROM push_job x CROSS JOIN LATERAL push_conversation(x.conv, x.user_id) k
      WHERE x.id = ANY (t_job) AND x.due_at IS NULL AND (k.unread <= 0 OR
        coalesce(nullif(x.shown_id, 0), CASE WHEN x.unsure THEN coalesce(nullif(x.tried_id, 0), x.msg_id) END)
          BETWEEN 1 AND k.read_id)
    ) s
    WHERE j.id = s.id;
END
$$;

-- The version before sets no badges.
CREATE OR REPLACE FUNCTION take_push_reads(most int4) RETURNS int4
LANGUAGE sql
AS $$
  SELECT reads FROM take_read_marks(most)
$$;
