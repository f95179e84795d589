-- Records the groups that people under a hold leave.
CREATE OR REPLACE FUNCTION keep_left_group() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO legal_hold_group (hold_id, group_id)
    SELECT h.id, l.group_id FROM left_member l
    JOIN legal_hold h ON h.user_id = l.user_id AND h.released_at IS NULL
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
