-- A transaction id below which all transactions have ended; its lower 32 bits, as in xmin.
CREATE OR REPLACE FUNCTION transaction_horizon() RETURNS int8
LANGUAGE sql STABLE
AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 & 4294967295 $$;
