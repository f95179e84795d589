-- Records the outcome of claimed jobs, also in push_log: accepted, retry, dropped or gone. o_shown is the message that was shown or
-- decided on; 0: the shown message was, or could not be, withdrawn. A job remains while its device shows its conversation or may show it: o_unsure
-- marks a retry whose first attempt the provider may have accepted. o_attempts is what the claim said:
-- the outcome of a claim that has lapsed is not recorded, since whoever claimed the job after it sends the same again. o_badge is the badge
-- that was sent; o_silent: without a banner.
CREATE OR REPLACE FUNCTION finish_pushes(
  o_job int8[], o_outcome text[], o_reason text[], o_shown int4[], o_retry_ms float8[], o_gone_at float8[],
  o_unsure bool[], o_attempts int4[], o_badge int4[], o_silent bool[]
) RETURNS void
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
  over int8[];
BEGIN
  IF 'gone' = ANY (o_outcome) THEN
    -- Locks the devices before their jobs, as every change of a device does.
    PERFORM FROM push_device d WHERE d.id IN (
      SELECT j.device_id FROM unnest(o_job, o_outcome) AS o(job, outcome) JOIN push_job j ON j.id = o.job
      WHERE o.outcome = 'gone') ORDER BY d.id FOR NO KEY UPDATE;
  END IF;
  PERFORM FROM push_job WHERE id = ANY (o_job) ORDER BY device_id, conv FOR UPDATE;

  -- Tokens that a client sent again after the failure are valid.
  UPDATE push_device d SET failure = t.reason
    FROM (
      SELECT DISTINCT ON (j.device_id) j.device_id, j.user_id, o.reason, o.gone_at
      FROM unnest(o_job, o_outcome, o_reason, o_gone_at) AS o(job, outcome, reason, gone_at)
      JOIN push_job j ON j.id = o.job WHERE o.outcome = 'gone' ORDER BY j.device_id
    ) t
    WHERE d.id = t.device_id AND d.user_id = t.user_id AND d.failure IS NULL
      AND (t.gone_at = 0 OR d.seen_at <= to_timestamp(t.gone_at / 1000));

  WITH finished AS MATERIALIZED (
    SELECT o.job, o.outcome, o.reason, o.shown, o.retry_ms, o.unsure, o.badge, o.silent, j.ctid AS at, j.user_id, j.device_id,
      j.conv, j.shown_id, j.attempts, j.marked_at, k.unread, k.read_id,
      -- What the device still shows, since a newer message is not pushed, has been read.
      o.outcome = 'dropped' AND o.shown > 0
        AND (j.shown_id BETWEEN 1 AND k.read_id OR k.unread <= 0 AND (j.shown_id > 0 OR j.unsure))
        AND o.reason NOT IN ('shown', 'read', 'expired', 'device-moved', 'device-gone', 'user-left', 'not-a-member')
        AS is_read
    FROM unnest(o_job, o_outcome, o_reason, o_shown, o_retry_ms, o_unsure, o_attempts, o_badge, o_silent)
      AS o(job, outcome, reason, shown, retry_ms, unsure, attempts, badge, silent)
    JOIN push_job j ON j.id = o.job AND (o.attempts IS NULL OR j.claimed AND j.attempts = o.attempts)
    CROSS JOIN LATERAL push_conversation(j.conv, j.user_id) k
  ), logged AS (
    INSERT INTO push_log (user_id, device_id, provider, conv, msg_id, outcome, reason, attempts, seconds, badge)
      SELECT f.user_id, f.device_id, d.provider, f.conv, CASE f.shown WHEN 0 THEN f.shown_id ELSE f.shown END,
        CASE WHEN f.outcome = 'accepted' AND f.shown = 0 THEN 'withdrawn' WHEN f.outcome = 'accepted' AND f.silent THEN 'badge-only'
          ELSE f.outcome END,
        f.reason, f.attempts, extract(epoch FROM clock_timestamp() - f.marked_at), CASE f.outcome WHEN 'accepted' THEN f.badge END
      FROM finished f JOIN push_device d ON d.id = f.device_id
      WHERE f.outcome <> 'retry' AND f.reason <> 'shown'
  ), changed AS (
    UPDATE push_job j SET
        -- The newer message is decided on.
        msg_id = CASE WHEN f.is_read AND f.shown_id > 0 AND j.msg_id <= f.shown THEN f.shown_id ELSE j.msg_id END,
        shown_id = CASE
          -- What cannot be withdrawn is given up.
          WHEN f.shown = 0 AND f.outcome IN ('accepted', 'dropped') OR f.outcome = 'gone' THEN 0
          WHEN f.outcome = 'accepted' THEN greatest(f.shown_id, f.shown)
          ELSE f.shown_id
        END,
        claimed = false,
        unsure = CASE
          WHEN f.outcome IN ('accepted', 'gone') OR f.outcome = 'dropped' AND f.shown = 0 THEN false
          ELSE j.unsure OR f.unsure
        END,
        due_at = CASE
          WHEN f.outcome = 'retry' THEN now() + f.retry_ms * interval '1 ms'
          WHEN f.outcome = 'gone' THEN NULL
          -- A newer message arrived in the meantime.
          WHEN f.shown > 0 AND j.msg_id > f.shown OR f.shown = 0 AND f.unread > 0 AND j.msg_id > f.read_id THEN now()
          -- The message was read in the meantime.
          WHEN f.outcome = 'accepted' AND f.shown > 0 AND (f.unread <= 0 OR f.shown <= f.read_id) THEN now()
          WHEN f.is_read THEN now()
        END,
        last_error = CASE f.outcome WHEN 'retry' THEN nullif(f.reason, '') END,
        attempts = CASE f.outcome WHEN 'retry' THEN j.attempts ELSE 0 END,
        marked_at = CASE f.outcome WHEN 'retry' THEN j.marked_at ELSE now() END
      FROM finished f WHERE j.ctid = f.at
      RETURNING j.id, j.due_at IS NULL AND (
        j.shown_id = 0 AND NOT j.unsure OR f.reason IN ('device-moved', 'device-gone', 'user-left', 'not-a-member')
      ) AS is_over
  )
  SELECT array_agg(id) FILTER (WHERE is_over) INTO over FROM changed;
  IF over IS NOT NULL THEN
    DELETE FROM push_job WHERE id = ANY (over);
  END IF;
END
$$;

-- The version before does not say which claim it ends.
CREATE OR REPLACE FUNCTION finish_pushes(
  o_job int8[], o_outcome text[], o_reason text[], o_shown int4[], o_retry_ms float8[], o_gone_at float8[],
  o_unsure bool[]
) RETURNS void
LANGUAGE sql
AS $$
  SELECT finish_pushes(o_job, o_outcome, o_reason, o_shown, o_retry_ms, o_gone_at, o_unsure, '{}', '{}', '{}')
$$;
