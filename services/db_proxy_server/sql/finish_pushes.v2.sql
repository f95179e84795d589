-- Records the outcome of claimed jobs, also in push_log: accepted, retry, dropped or gone. o_shown is the message that was shown or
-- decided on; 0: the shown message was withdrawn. A job remains while its device shows its conversation or may show it: o_unsure
-- marks a retry whose first attempt the provider may have accepted.
CREATE OR REPLACE FUNCTION finish_pushes(
  o_job int8[], o_outcome text[], o_reason text[], o_shown int4[], o_retry_ms float8[], o_gone_at float8[],
  o_unsure bool[]
) RETURNS void
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
BEGIN
  -- Locks the devices before their jobs, as every change of a device does.
  PERFORM FROM push_device d WHERE d.id IN (
    SELECT j.device_id FROM unnest(o_job, o_outcome) AS o(job, outcome) JOIN push_job j ON j.id = o.job
    WHERE o.outcome = 'gone') ORDER BY d.id FOR NO KEY UPDATE;
  PERFORM FROM push_job WHERE id = ANY (o_job) ORDER BY device_id, conv FOR UPDATE;

  INSERT INTO push_log (user_id, device_id, provider, conv, msg_id, outcome, reason, attempts, seconds)
    SELECT j.user_id, j.device_id, d.provider, j.conv, CASE o.shown WHEN 0 THEN j.shown_id ELSE o.shown END,
      CASE WHEN o.outcome = 'accepted' AND o.shown = 0 THEN 'withdrawn' ELSE o.outcome END, o.reason, j.attempts,
      extract(epoch FROM clock_timestamp() - j.marked_at)
    FROM unnest(o_job, o_outcome, o_reason, o_shown) AS o(job, outcome, reason, shown)
    JOIN push_job j ON j.id = o.job JOIN push_device d ON d.id = j.device_id
    WHERE o.outcome <> 'retry' AND o.reason <> 'shown';

  -- Tokens that a client sent again after the failure are valid.
  UPDATE push_device d SET failure = t.reason
    FROM (
      SELECT DISTINCT ON (j.device_id) j.device_id, j.user_id, o.reason, o.gone_at
      FROM unnest(o_job, o_outcome, o_reason, o_gone_at) AS o(job, outcome, reason, gone_at)
      JOIN push_job j ON j.id = o.job WHERE o.outcome = 'gone' ORDER BY j.device_id
    ) t
    WHERE d.id = t.device_id AND d.user_id = t.user_id AND d.failure IS NULL
      AND (t.gone_at = 0 OR d.seen_at <= to_timestamp(t.gone_at / 1000));

  UPDATE push_job j SET
      shown_id = t.shown_id,
      claimed = false,
      unsure = CASE WHEN t.outcome IN ('accepted', 'gone') THEN false ELSE j.unsure OR t.unsure END,
      due_at = CASE
        WHEN t.outcome = 'retry' THEN now() + t.retry_ms * interval '1 ms'
        WHEN t.outcome = 'gone' THEN NULL
        -- A newer message arrived in the meantime.
        WHEN t.shown > 0 AND j.msg_id > t.shown OR t.shown = 0 AND t.unread > 0 AND j.msg_id > t.read_id THEN now()
        -- The message was read in the meantime.
        WHEN t.outcome = 'accepted' AND t.shown > 0 AND t.unread <= 0 THEN now()
      END,
      last_error = CASE t.outcome WHEN 'retry' THEN nullif(t.reason, '') END,
      attempts = CASE t.outcome WHEN 'retry' THEN j.attempts ELSE 0 END,
      marked_at = CASE t.outcome WHEN 'retry' THEN j.marked_at ELSE now() END
    FROM (
      SELECT o.*, k.unread, k.read_id,
        CASE WHEN o.outcome = 'accepted' AND o.shown = 0 OR o.outcome = 'gone' THEN 0
          WHEN o.outcome = 'accepted' THEN greatest(x.shown_id, o.shown) ELSE x.shown_id END AS shown_id
      FROM unnest(o_job, o_outcome, o_reason, o_shown, o_retry_ms, o_unsure) AS o(job, outcome, reason, shown, retry_ms, unsure)
      JOIN push_job x ON x.id = o.job
      CROSS JOIN LATERAL push_conversation(x.conv, x.user_id) k
    ) t
    WHERE j.id = t.job;
  DELETE FROM push_job j WHERE j.id = ANY (o_job) AND j.due_at IS NULL AND (j.shown_id = 0 AND NOT j.unsure OR EXISTS (
    SELECT FROM unnest(o_job, o_reason) AS o(job, reason)
    WHERE o.job = j.id AND o.reason IN ('device-moved', 'device-gone', 'user-left', 'not-a-member')));
END
$$;
