-- `unread_badge` for the version before.
CREATE OR REPLACE FUNCTION unread_total(of_user int4) RETURNS int8
LANGUAGE sql STABLE
AS $$
  SELECT badge FROM unread_badge(of_user)
$$;
