-- mark_read, and a row in push_read that says who has read what: banners of it go. It is called in place of mark_read while
-- anything is pushed at all, and only inserts.
CREATE OR REPLACE FUNCTION mark_read_marked(
  p_conv int8[], p_low int4[], p_high int4[], g_group int4[], g_user int4[], g_id int4[],
  OUT low_read int4[], OUT high_read int4[], OUT group_read int4[]
)
LANGUAGE plpgsql
AS $$
BEGIN
  SELECT r.low_read, r.high_read, r.group_read INTO low_read, high_read, group_read
    FROM mark_read(p_conv, p_low, p_high, g_group, g_user, g_id) AS r;
  INSERT INTO push_read (conv, user_id)
    SELECT array_agg(x.conv), array_agg(x.user_id) FROM (
      SELECT n.conv, (n.conv >> 32)::int4 FROM unnest(p_conv, p_low) AS n(conv, low) WHERE n.low > 0
      UNION ALL
      SELECT n.conv, (n.conv & 4294967295)::int4 FROM unnest(p_conv, p_high) AS n(conv, high) WHERE n.high > 0
      UNION ALL
      SELECT n.group_id, n.user_id FROM unnest(g_group, g_user) AS n(group_id, user_id)
    ) AS x(conv, user_id)
    HAVING count(*) > 0;
END
$$;
