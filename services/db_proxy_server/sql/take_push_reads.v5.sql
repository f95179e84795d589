-- Makes jobs due whose banners have been read elsewhere, with or without newer messages. Of those that are claimed, finish_pushes sees it.
-- A conversation without a banner, such as a muted group, counts in the badge, too: an iPhone whose badge it changes gets a job, as if it
-- had shown the newest message.
CREATE OR REPLACE FUNCTION take_push_reads(most int4) RETURNS int4
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  reads int4;
  t_conv int8[];
  t_user int4[];
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
    RETURN reads;
  END IF;
  -- First, because it locks devices, which come before their jobs.
  INSERT INTO push_job (device_id, user_id, conv, msg_id, shown_id, marked_at, expires_at)
    SELECT d.id, d.user_id, c.conv, c.last_id, c.last_id, now(), now() + interval '1 day'
    FROM unnest(t_conv, t_user) AS r(conv, user_id)
    JOIN push_device d ON d.user_id = r.user_id AND d.failure IS NULL AND d.provider = 'apns'
    JOIN conversation c ON c.conv = r.conv
    CROSS JOIN LATERAL (
      -- Not further back, which would take long for a user with many pushes that told the device nothing.
      SELECT n.badge FROM (
        SELECT p.device_id, p.badge, p.at FROM push_log p WHERE p.user_id = d.user_id ORDER BY p.at DESC LIMIT 200
      ) n
      WHERE n.device_id = d.id AND n.badge IS NOT NULL ORDER BY n.at DESC LIMIT 1
    ) l
    CROSS JOIN LATERAL push_conversation(c.conv, d.user_id) k
    CROSS JOIN LATERAL unread_badge(d.user_id) b
    WHERE l.badge > 0 AND k.unread <= 0 AND l.badge <> b.badge
      AND NOT EXISTS (SELECT FROM push_job j WHERE j.device_id = d.id AND j.conv = c.conv)
    ORDER BY d.id, c.conv
    FOR KEY SHARE OF d
  ON CONFLICT (device_id, conv) DO NOTHING;
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
  RETURN reads;
END
$$;
