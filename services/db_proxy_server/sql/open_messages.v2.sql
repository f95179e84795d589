-- For each conversation the lowest id below w_before in an outbox row, or null. Scans the whole outbox, which normally
-- contains only messages of the last milliseconds.
--
-- As version 1, which append_messages calls, but with the last outbox row to search: ids of messages and of rows are both
-- assigned under the conversation's lock, so lower messages are in older rows.
CREATE OR REPLACE FUNCTION open_messages(w_conv int8[], w_before int4[], w_newest int8, OUT lowest int4[])
LANGUAGE plpgsql
SET enable_hashjoin = on
SET enable_seqscan = on
AS $$
BEGIN
  SELECT array_agg(o.lowest ORDER BY w.i) INTO lowest
    FROM generate_subscripts(w_conv, 1) AS w(i)
    LEFT JOIN (
      SELECT x.i, min(u.base) + 1 AS lowest
        FROM outbox, unnest(outbox.conv, outbox.bases) AS u(conv, base)
        JOIN unnest(w_conv, w_before) WITH ORDINALITY AS x(conv, before, i)
          ON x.conv = u.conv AND u.base + 1 < x.before
        WHERE outbox.id <= coalesce(w_newest, 9223372036854775807)
        GROUP BY x.i
    ) o ON o.i = w.i;
END
$$;
