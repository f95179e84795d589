-- For conversations that have been read: one without a banner, such as a muted group, counts in the badge, too. An iPhone that was told of
-- more unread messages than there are gets a job, as if it had shown the newest message. Apart from take_read_marks, so that both lock jobs
-- in their order.
CREATE OR REPLACE FUNCTION push_badges(of_conv int8[], of_user int4[]) RETURNS void
LANGUAGE sql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
  INSERT INTO push_job (device_id, user_id, conv, msg_id, shown_id, marked_at, expires_at)
    SELECT d.id, d.user_id, c.conv, c.last_id, c.last_id, now(), now() + interval '1 day'
    FROM unnest(of_conv, of_user) AS r(conv, user_id)
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
    WHERE k.unread <= 0 AND b.badge < l.badge
      AND NOT EXISTS (SELECT FROM push_job j WHERE j.device_id = d.id AND j.conv = c.conv)
    ORDER BY d.id, c.conv
    FOR KEY SHARE OF d
  ON CONFLICT (device_id, conv) DO NOTHING;
$$;
