import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Detects the loss of committed data, when a standby that lagged was promoted or a backup restored. */
export class StoreEpoch1764000000170 implements MigrationInterface {
  readonly name = 'StoreEpoch1764000000170';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE store_epoch (
        only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
        epoch int8 NOT NULL,
        system_id int8,
        timeline int4,
        synchronous bool NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE store_epoch IS 'the epoch begins anew when what was committed may have been lost; the server and its timeline in this epoch; whether commits waited for a standby'`,
    );
    await runner.query('INSERT INTO store_epoch (epoch, synchronous) VALUES (1, false)');
    await runner.query(storePosition);
    await runner.query(enterStore);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION enter_store');
    await runner.query('DROP FUNCTION store_position');
    await runner.query('DROP TABLE store_epoch');
  }
}

/** Identifies the server's history; null where the server does not reveal it, as some hosted ones do not. */
const storePosition = `
CREATE FUNCTION store_position(OUT system_id int8, OUT timeline int4, OUT synchronous bool)
LANGUAGE plpgsql
AS $$
BEGIN
  synchronous := current_setting('synchronous_standby_names') <> ''
    AND current_setting('synchronous_commit') IN ('on', 'remote_write', 'remote_apply');
  SELECT s.system_identifier INTO system_id FROM pg_control_system() s;
  timeline := ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int4;
EXCEPTION WHEN OTHERS THEN
  NULL;
END
$$`;

/**
 * Called first on each new connection. Returns the epoch, and begins a new one when the caller's last stored message
 * (w_conv null: none) is missing, when the server is another one, or when it is on another timeline and commits were not
 * synchronous. Sequences and ids then jump ahead, so that lost values are never assigned again.
 */
const enterStore = `
CREATE FUNCTION enter_store(known_epoch int8, w_conv int8, w_id int4, w_token int8, OUT epoch int8, OUT synchronous bool)
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
$$`;
