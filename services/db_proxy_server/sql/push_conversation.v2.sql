-- What a push to one user of a conversation depends on; no row: there is no such conversation. Who is not in a group has nothing unread there.
CREATE OR REPLACE FUNCTION push_conversation(of_conv int8, of_user int4)
RETURNS TABLE (is_group bool, session_id int4, member bool, shield bool, read_id int4, unread int4)
LANGUAGE sql STABLE
AS $$
  SELECT true, c.conv::int4, g.user_id IS NOT NULL, coalesce(g.shield, false),
      coalesce(greatest(g.read_id, g.join_msg_id), c.last_id),
      c.last_id - coalesce(greatest(g.read_id, g.join_msg_id), c.last_id)
    FROM conversation c
    LEFT JOIN group_member g ON g.group_id = CASE WHEN of_conv < 4294967296 THEN of_conv::int4 END AND g.user_id = of_user
    WHERE c.conv = of_conv AND of_conv < 4294967296
  UNION ALL
  SELECT false, (c.conv & 4294967295)::int4, true, false, c.low_read, c.last_id - c.low_sent - c.low_seen
    FROM conversation c WHERE c.conv = of_conv AND of_conv >= 4294967296 AND of_conv >> 32 = of_user
  UNION ALL
  SELECT false, (c.conv >> 32)::int4, true, false, c.high_read, c.low_sent - c.high_seen
    FROM conversation c WHERE c.conv = of_conv AND of_conv >= 4294967296 AND of_conv >> 32 <> of_user
$$;
