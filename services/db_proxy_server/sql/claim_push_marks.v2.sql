-- Makes a push_job for each device of each receiver of batches marked longer than hold_ms ago, and claims at most `claims` of them
-- for a lease, as the statement push_claim would; the others are due. Returns how many marks it took, and the claimed jobs.
-- With mentions, push_muted gets the messages of groups that somebody with a device has muted: they are pushed to whom they mention.
-- A batch's marks must become visible together with its messages. Marks that are committed meanwhile are taken next time.
CREATE OR REPLACE FUNCTION claim_push_marks(
  hold_ms float8, most int4, claims int4, lease interval, mentions bool, OUT marks int4, OUT claimed int8[]
)
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
-- The hash of a conversation between users with neighbouring ids collides.
SET enable_hashagg = off
AS $$
DECLARE
  t_conv int8[];
  t_first int4[];
  t_last int4[];
  t_to_low int4[];
  t_to_high int4[];
  t_at timestamptz[];
  n_device int8[];
  n_user int4[];
  n_conv int8[];
  n_last int4[];
  n_at timestamptz[];
BEGIN
  WITH taken AS (
    DELETE FROM push_mark p WHERE p.ctid = ANY (ARRAY(
      SELECT ctid FROM push_mark WHERE marked_at <= clock_timestamp() - hold_ms * interval '1 ms'
      ORDER BY marked_at LIMIT most FOR UPDATE SKIP LOCKED))
    RETURNING p.marked_at, p.conv, p.base, p.count, p.low
  ), each AS (
    SELECT m.conv, min(m.marked_at) AS at, min(m.base) + 1 AS first, max(m.base + m.count) AS last,
      max(m.base + m.count) FILTER (WHERE m.count > m.low) AS to_low,
      max(m.base + m.count) FILTER (WHERE m.low > 0) AS to_high
    FROM (
      SELECT t.marked_at, unnest(t.conv) AS conv, unnest(t.base) AS base, unnest(t.count) AS count, unnest(t.low) AS low
      FROM taken t
    ) m
    WHERE m.base IS NOT NULL GROUP BY m.conv
  )
  SELECT (SELECT count(*) FROM taken), array_agg(conv), array_agg(at), array_agg(first), array_agg(last), array_agg(to_low),
      array_agg(to_high)
    INTO marks, t_conv, t_at, t_first, t_last, t_to_low, t_to_high FROM each;
  IF t_conv IS NULL THEN
    RETURN;
  END IF;

  IF mentions THEN
    INSERT INTO push_muted (conv, first_id, last_id)
      SELECT t.conv, t.first, t.last FROM unnest(t_conv, t_first, t_last) AS t(conv, first, last)
      WHERE t.conv < 4294967296 AND EXISTS (
        SELECT FROM group_member g JOIN push_device d ON d.user_id = g.user_id AND d.failure IS NULL
        WHERE g.group_id = CASE WHEN t.conv < 4294967296 THEN t.conv::int4 END AND g.shield AND g.read_id < t.last);
  END IF;

  -- A push shows the newest message, so most messages of a busy conversation are shown before their marks are taken. They end here.
  SELECT array_agg(d.id), array_agg(r.user_id), array_agg(r.conv), array_agg(r.last), array_agg(r.at)
    INTO n_device, n_user, n_conv, n_last, n_at
    FROM (
      SELECT t.conv, (t.conv >> 32)::int4 AS user_id, t.last, t.at
        FROM (SELECT unnest(t_conv) AS conv, unnest(t_to_low) AS last, unnest(t_at) AS at) t
        WHERE t.conv >= 4294967296 AND t.last IS NOT NULL
      UNION ALL
      SELECT t.conv, (t.conv & 4294967295)::int4, t.last, t.at
        FROM (SELECT unnest(t_conv) AS conv, unnest(t_to_high) AS last, unnest(t_at) AS at) t
        WHERE t.conv >= 4294967296 AND t.last IS NOT NULL
      UNION ALL
      SELECT t.conv, g.user_id, t.last, t.at
        FROM (SELECT unnest(t_conv) AS conv, unnest(t_last) AS last, unnest(t_at) AS at) t
        JOIN group_member g ON g.group_id = CASE WHEN t.conv < 4294967296 THEN t.conv::int4 END
        WHERE NOT g.shield AND g.read_id < t.last
    ) r
    JOIN push_device d ON d.user_id = r.user_id AND d.failure IS NULL
    LEFT JOIN push_job j ON j.device_id = d.id AND j.conv = r.conv
    WHERE j.id IS NULL OR r.last > greatest(j.shown_id, j.msg_id) OR j.user_id <> r.user_id;
  IF n_device IS NULL THEN
    RETURN;
  END IF;

  WITH made AS (
    INSERT INTO push_job AS j (
      device_id, user_id, conv, msg_id, marked_at, expires_at, due_at, attempts, claimed, tried_id
    )
      SELECT d.id, r.user_id, r.conv, r.last, r.at, r.at + interval '1 day',
        CASE WHEN r.n <= claims THEN now() + lease ELSE now() END, (r.n <= claims)::int4, r.n <= claims,
        CASE WHEN r.n <= claims THEN r.last ELSE 0 END
      FROM unnest(n_device, n_user, n_conv, n_last, n_at) WITH ORDINALITY AS r(device_id, user_id, conv, last, at, n)
      JOIN push_device d ON d.id = r.device_id AND d.user_id = r.user_id AND d.failure IS NULL
      CROSS JOIN LATERAL push_conversation(r.conv, r.user_id) k
      -- Newer unread messages may still be held.
      WHERE k.unread > 0 AND k.read_id < r.last
      ORDER BY d.id, r.conv
      -- Locks the devices before their jobs, as every change of a device does.
      FOR KEY SHARE OF d
    -- A job that is due, or claimed, stays so.
    ON CONFLICT (device_id, conv) DO UPDATE SET
      msg_id = excluded.msg_id,
      shown_id = CASE WHEN j.user_id = excluded.user_id THEN j.shown_id ELSE 0 END,
      user_id = excluded.user_id,
      marked_at = CASE WHEN j.due_at IS NULL THEN excluded.marked_at ELSE j.marked_at END,
      due_at = coalesce(j.due_at, excluded.due_at),
      expires_at = greatest(j.expires_at, excluded.expires_at),
      attempts = CASE WHEN j.due_at IS NULL THEN excluded.attempts ELSE j.attempts END,
      claimed = CASE WHEN j.due_at IS NULL THEN excluded.claimed ELSE j.claimed END,
      tried_id = CASE
        WHEN j.due_at IS NULL AND excluded.claimed AND NOT (j.unsure AND j.tried_id > 0) THEN excluded.msg_id
        ELSE j.tried_id
      END
      WHERE excluded.msg_id > greatest(j.shown_id, j.msg_id) OR j.user_id <> excluded.user_id
    RETURNING j.id, j.claimed AND j.due_at = now() + lease AS is_claimed
  )
  SELECT array_agg(id) FILTER (WHERE is_claimed) INTO claimed FROM made;
END
$$;

-- The version before knows no mentions, and that before it claims in a second step.
CREATE OR REPLACE FUNCTION claim_push_marks(
  hold_ms float8, most int4, claims int4, lease interval, OUT marks int4, OUT claimed int8[]
)
LANGUAGE sql
AS $$
  SELECT c.marks, c.claimed FROM claim_push_marks(hold_ms, most, claims, lease, false) AS c
$$;
CREATE OR REPLACE FUNCTION take_push_marks(hold_ms float8, most int4) RETURNS int4
LANGUAGE sql
AS $$
  SELECT marks FROM claim_push_marks(hold_ms, most, 0, interval '0')
$$;
