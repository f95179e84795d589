-- For each conversation the lowest id below w_before in an outbox row, or null. Scans the whole outbox, which normally
-- contains only messages of the last milliseconds.
CREATE OR REPLACE FUNCTION open_messages(w_conv int8[], w_before int4[], OUT lowest int4[])
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
        GROUP BY x.i
    ) o ON o.i = w.i;
END
$$;
