-- Of a group that somebody leaves, or is removed from, their devices show nothing any more, neither banner nor badge.
CREATE OR REPLACE FUNCTION withdraw_left_group() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO push_read (conv, user_id)
    SELECT array_agg(l.group_id::int8), array_agg(l.user_id) FROM left_member l
    WHERE EXISTS (SELECT FROM push_device d WHERE d.user_id = l.user_id AND d.failure IS NULL)
    HAVING count(*) > 0;
  RETURN NULL;
END
$$;
