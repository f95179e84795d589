-- Called first on each new connection. Returns the epoch, and begins a new one when the caller's last stored message
-- (w_conv null: none) is missing, when the server is another one, or when it is on another timeline and commits were not
-- synchronous. Sequences and ids then jump ahead, so that lost values are never assigned again.
CREATE OR REPLACE FUNCTION enter_store(known_epoch int8, w_conv int8, w_id int4, w_token int8, OUT epoch int8, OUT synchronous bool)
LANGUAGE plpgsql
AS $$
DECLARE
  kept store_epoch;
  here record;
  lost bool;
BEGIN
  SELECT * INTO here FROM store_position();
  lost := w_conv IS NOT NULL
    AND NOT EXISTS (SELECT FROM message m WHERE m.conv = w_conv AND m.id = w_id AND m.token = w_token);
  SELECT * INTO kept FROM store_epoch;
  epoch := kept.epoch;
  synchronous := here.synchronous;
  IF NOT lost AND kept.synchronous = here.synchronous AND kept.system_id IS NOT DISTINCT FROM here.system_id
    AND kept.timeline IS NOT DISTINCT FROM here.timeline THEN
    RETURN;
  END IF;
  SELECT * INTO kept FROM store_epoch FOR UPDATE;
  epoch := kept.epoch;
  IF (lost AND kept.epoch <= known_epoch) OR kept.system_id <> here.system_id
    OR (kept.timeline <> here.timeline AND NOT kept.synchronous) THEN
    epoch := greatest(kept.epoch + 1, extract(epoch FROM clock_timestamp())::int8);
    PERFORM setval(s.name, nextval(s.name) + 1000000)
      FROM (VALUES ('login_seq'::regclass), (pg_get_serial_sequence('outbox', 'id')::regclass),
        (pg_get_serial_sequence('webhook_event', 'id')::regclass)) AS s(name);
  END IF;
  UPDATE store_epoch e SET epoch = enter_store.epoch, synchronous = here.synchronous,
    system_id = coalesce(here.system_id, e.system_id), timeline = coalesce(here.timeline, e.timeline);
END
$$;
