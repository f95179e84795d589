-- Searches for messages in a conversation whose lock the caller holds, stored by w_since, a transaction id, or later.
-- Message ids follow the order in which transactions got the lock, so where a row's transaction ended before the message
-- was sent, all lower rows are older too. Such a row is located in growing steps, and the rows above it are read once.
-- too_far: no such row within the number of rows a statement has time for.
--
-- In place of find_retried, which counts back from a horizon of its own: that rises while its caller's, from which the
-- count is, does not. find_retried is left for statements that are under way during the migration.
CREATE OR REPLACE FUNCTION find_retried_since(
  w_conv int8, w_tokens int8[], w_since int8, OUT tokens int8[], OUT ids int4[], OUT too_far bool
)
LANGUAGE plpgsql
SET enable_hashjoin = on
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
  most CONSTANT int4 := 1000000;
  newest int4;
  step int4 := 0;
  below record;
BEGIN
  SELECT c.last_id INTO newest FROM conversation c WHERE c.conv = w_conv;
  LOOP
    SELECT m.id, transactions_back(m.xmin::text::int8, w_since) > 0 AS older INTO below
      FROM message m WHERE m.conv = w_conv AND m.id <= newest - step ORDER BY m.id DESC LIMIT 1;
    too_far := FOUND AND NOT below.older AND step = most;
    EXIT WHEN NOT FOUND OR below.older OR too_far;
    step := least(greatest(step * 2, 16), most);
  END LOOP;
  SELECT array_agg(m.token), array_agg(m.id) INTO tokens, ids
    FROM message m JOIN unnest(w_tokens) AS t(token) ON t.token = m.token
    WHERE m.conv = w_conv AND m.id > coalesce(below.id, 0);
END
$$;
