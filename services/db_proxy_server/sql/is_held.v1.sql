-- Whether a legal hold covers a conversation. A hold on a person covers their groups, and those they have left since it was placed
-- (legal_hold_group).
CREATE OR REPLACE FUNCTION is_held(of_conv int8) RETURNS bool
LANGUAGE sql STABLE
AS $$
  SELECT CASE WHEN of_conv >= 4294967296 THEN EXISTS (
    SELECT FROM legal_hold h
    WHERE h.released_at IS NULL AND h.user_id IN ((of_conv >> 32)::int4, (of_conv & 4294967295)::int4))
  ELSE EXISTS (
    SELECT FROM legal_hold h
    WHERE h.released_at IS NULL AND (
      h.group_id = of_conv::int4
      OR EXISTS (SELECT FROM group_member g WHERE g.group_id = of_conv::int4 AND g.user_id = h.user_id)
      OR EXISTS (SELECT FROM legal_hold_group x WHERE x.hold_id = h.id AND x.group_id = of_conv::int4)))
  END
$$;
