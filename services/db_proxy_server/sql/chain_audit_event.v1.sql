-- Numbers an event and adds it to the chain. SECURITY DEFINER: a role that may insert events cannot touch the head
-- otherwise. The lock is the one that openAudit takes first.
CREATE FUNCTION chain_audit_event() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(29813, 2);
  SELECT h.id + 1, h.hash INTO STRICT NEW.id, NEW.prev_hash FROM audit_head h;
  NEW.at := clock_timestamp();
  SELECT sha256(convert_to(string_agg(octet_length(part) || ':' || part, ',' ORDER BY i), 'UTF8')) INTO NEW.hash
    FROM unnest(ARRAY[
      encode(NEW.prev_hash, 'hex'), NEW.id::text,
      to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      NEW.actor, coalesce(NEW.as_user::text, ''), NEW.source, NEW.verb, NEW.resource,
      coalesce(NEW.before::text, ''), coalesce(NEW.after::text, '')
    ]) WITH ORDINALITY AS parts (part, i);
  UPDATE audit_head SET id = NEW.id, hash = NEW.hash;
  RETURN NEW;
END
$$
