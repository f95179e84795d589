-- Unread messages of a user in all conversations of their list: the badge of a mobile client. A table, so that queries inline it.
CREATE OR REPLACE FUNCTION unread_badge(of_user int4) RETURNS TABLE (badge int8)
LANGUAGE sql STABLE
AS $$
  SELECT coalesce(sum(greatest(s.unread, 0)), 0)::int8 FROM (
    SELECT c.last_id - c.low_sent - c.low_seen AS unread FROM conversation c
      WHERE c.conv BETWEEN of_user::int8 << 32 AND (of_user::int8 << 32) | 4294967295 AND c.last_id > c.low_removed
    UNION ALL
    SELECT c.low_sent - c.high_seen FROM conversation c
      WHERE (c.conv & 4294967295) = of_user::int8 AND c.conv >= 4294967296 AND c.last_id > c.high_removed
    UNION ALL
    SELECT c.last_id - greatest(g.read_id, g.join_msg_id) FROM group_member g JOIN conversation c ON c.conv = g.group_id
      WHERE g.user_id = of_user AND c.last_id > greatest(g.join_msg_id, g.removed_id)
  ) s
$$;
