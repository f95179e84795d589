-- Refuses to change or remove events, except those that a later event says are expired: see expire_audit_events.
CREATE FUNCTION keep_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT FROM audit_event e
    WHERE e.verb = 'audit.expire' AND e.id > OLD.id AND (e.after ->> 'through')::int8 >= OLD.id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit events cannot be changed';
END
$$
