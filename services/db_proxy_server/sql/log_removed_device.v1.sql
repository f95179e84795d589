-- Records what was still to be pushed to a device that is removed, or whose token another user has now.
CREATE OR REPLACE FUNCTION log_removed_device() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO push_log (user_id, device_id, provider, conv, msg_id, outcome, reason, attempts, seconds)
    SELECT j.user_id, j.device_id, OLD.provider, j.conv, j.msg_id, 'dropped', 'device-removed', j.attempts,
      extract(epoch FROM clock_timestamp() - j.marked_at)
    FROM push_job j
    -- What is being sent may ring still.
    WHERE j.device_id = OLD.id AND j.due_at IS NOT NULL AND j.msg_id > j.shown_id AND NOT (j.claimed AND j.due_at > now());
  RETURN OLD;
END
$$;
