-- Replaces the content of a user's next messages after (at_conv, at_id) by w_text, up to a limited number of rows. at_id 0 means
-- that at_conv is done. Ids do not change, so there are no gaps. Messages under a legal hold are only counted.
--
-- All groups are searched, since nothing records which ones the user has left.
CREATE OR REPLACE FUNCTION erase_messages(
  w_user int4, w_text bytea, w_limit int4,
  INOUT at_conv int8, INOUT at_id int4,
  OUT erased int4, OUT held int4, OUT at_end bool
)
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  room int4 := w_limit;
  next_conv int8;
  through int4;
  found_rows int4;
  of_user int4;
BEGIN
  erased := 0;
  held := 0;
  at_end := false;
  WHILE room > 0 LOOP
    IF at_id = 0 THEN
      SELECT min(x.conv) INTO next_conv FROM (
        (SELECT c.conv FROM conversation c WHERE c.conv > at_conv AND c.conv < 4294967296 ORDER BY c.conv LIMIT 1)
        UNION ALL
        (SELECT c.conv FROM conversation c
          WHERE c.conv > at_conv AND c.conv BETWEEN w_user::int8 << 32 AND (w_user::int8 << 32) | 4294967295
          ORDER BY c.conv LIMIT 1)
        UNION ALL
        (SELECT min(c.conv) FROM conversation c
          WHERE (c.conv & 4294967295) = w_user::int8 AND c.conv >= 4294967296 AND c.conv > at_conv)
      ) x;
      IF next_conv IS NULL THEN
        at_end := true;
        RETURN;
      END IF;
      at_conv := next_conv;
    END IF;

    SELECT max(x.id), count(*) INTO through, found_rows FROM (
      SELECT m.id FROM message m WHERE m.conv = at_conv AND m.id > at_id ORDER BY m.id LIMIT room
    ) x;
    IF is_held(at_conv) THEN
      SELECT count(*) INTO of_user FROM message m
        WHERE m.conv = at_conv AND m.id > at_id AND m.id <= through AND m.from_id = w_user;
      held := held + of_user;
    ELSE
      UPDATE message m SET data = w_text, type = CASE WHEN at_conv < 4294967296 THEN 17 ELSE 1 END
        WHERE m.conv = at_conv AND m.id > at_id AND m.id <= through AND m.from_id = w_user AND m.data <> w_text;
      GET DIAGNOSTICS of_user = ROW_COUNT;
      erased := erased + of_user;
    END IF;
    at_id := CASE WHEN found_rows < room THEN 0 ELSE through END;
    -- A conversation counts as ten rows, so that many small ones do not make a long transaction.
    room := room - found_rows - 10;
  END LOOP;
END
$$;
