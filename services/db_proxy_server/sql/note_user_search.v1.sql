-- Keeps the text by which a user is found. SECURITY DEFINER, so that every role that may change a user can record it.
CREATE FUNCTION note_user_search() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  names text := lower(concat_ws(E'\n', NEW.name, NEW.nick_name, NEW.real_name, NEW.domain));
BEGIN
  INSERT INTO user_search AS s (user_id, has_left, department_id, names, addresses, pinyin)
  VALUES (NEW.id, NEW.status = 3, NEW.department_id, names, lower(concat_ws(E'\n', NEW.tel, NEW.email)),
    -- ASCII names have no pinyin; a db_proxy_server fills in that of other names.
    CASE WHEN octet_length(names) = char_length(names) THEN '' END)
  ON CONFLICT (user_id) DO UPDATE SET has_left = excluded.has_left, department_id = excluded.department_id,
    names = excluded.names, addresses = excluded.addresses,
    pinyin = CASE WHEN s.names = excluded.names THEN s.pinyin ELSE excluded.pinyin END;
  RETURN NULL;
END
$$
