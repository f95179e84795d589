-- Identifies the server's history; null where the server does not reveal it, as some hosted ones do not.
CREATE OR REPLACE FUNCTION store_position(OUT system_id int8, OUT timeline int4, OUT synchronous bool)
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
$$;
