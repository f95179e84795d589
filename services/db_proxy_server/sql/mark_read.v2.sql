-- Moves read positions. Pairs come as (conv, position of the low user, of the high user; 0: unchanged), groups as (group,
-- user, position). Positions beyond the newest message count as the newest; none moves back. Returns the resulting
-- positions, null where there is no such conversation or membership.
--
-- The look-up of a position below the newest message is a function: as a subquery of the UPDATE it returned null after a
-- wait for the row's lock. PostgreSQL 18 then evaluates the row again, and does not look into a partitioned table.
CREATE OR REPLACE FUNCTION mark_read(
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
          ELSE n.low - low_sent_up_to(c.conv, n.low) END,
        high_read = greatest(c.high_read, least(n.high, c.last_id)),
        high_seen = CASE
          WHEN n.high <= c.high_read THEN c.high_seen
          WHEN n.high >= c.last_id THEN c.low_sent
          ELSE low_sent_up_to(c.conv, n.high) END
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
$$;
