-- Removes events older than a moment, at most so many, and never those of the last 30 days. The event it records holds the
-- hash at which the rest of the chain begins. Returns how many it removed.
CREATE FUNCTION expire_audit_events(older_than timestamptz, most int4) RETURNS int8 LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  newest record;
  removed int8;
BEGIN
  PERFORM pg_advisory_xact_lock(29813, 2);
  SELECT id, hash INTO newest FROM (SELECT id, hash, at FROM audit_event ORDER BY id LIMIT most) AS oldest
    WHERE at < least(older_than, now() - interval '30 days') ORDER BY id DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  INSERT INTO audit_event (actor, source, verb, resource, after) VALUES (
    'system', '', 'audit.expire', 'audit', json_build_object('through', newest.id, 'hash', encode(newest.hash, 'hex')));
  DELETE FROM audit_event WHERE id <= newest.id;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$
