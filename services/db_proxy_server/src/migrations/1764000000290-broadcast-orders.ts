import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Broadcasts that people at the console have written, until their time comes and afterwards. */
export class BroadcastOrders1764000000290 implements MigrationInterface {
  readonly name = 'BroadcastOrders1764000000290';

  async up(runner: QueryRunner): Promise<void> {
    // A table of its own: a version before sends every row of broadcast at once.
    await runner.query(`
      CREATE TABLE broadcast_order (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key text COLLATE "C" NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 100),
        from_id int4 NOT NULL REFERENCES im_user,
        message text NOT NULL CHECK (char_length(message) BETWEEN 1 AND 2000),
        audience text NOT NULL CHECK (audience IN ('everybody', 'departments', 'groups', 'users')),
        ids int4[] NOT NULL,
        send_at timestamptz NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        broadcast_id int4 UNIQUE REFERENCES broadcast ON DELETE CASCADE,
        ended_at timestamptz,
        cancelled_by text,
        CHECK ((audience = 'everybody') = (cardinality(ids) = 0)),
        CHECK (cancelled_by IS NULL OR ended_at IS NOT NULL)
      )`);
    await runner.query(`COMMENT ON TABLE broadcast_order IS 'broadcasts that people at the console wrote'`);
    await runner.query(
      `COMMENT ON COLUMN broadcast_order.key IS 'of the page that sent it, also when repeated'`,
    );
    await runner.query(
      `COMMENT ON COLUMN broadcast_order.ids IS 'of departments, groups, whose members get it, or users'`,
    );
    await runner.query(
      `COMMENT ON COLUMN broadcast_order.broadcast_id IS 'the broadcast that it became when it was due'`,
    );
    await runner.query(
      `COMMENT ON COLUMN broadcast_order.ended_at IS 'when it was cancelled, or was due and had no receivers'`,
    );
    await runner.query(
      'CREATE INDEX broadcast_order_due ON broadcast_order (send_at) WHERE broadcast_id IS NULL AND ended_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE broadcast_order');
  }
}
