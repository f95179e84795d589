import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * Devices that push reaches, several for each user. What 0x0108 writes into `device_token`, in this version or the one
 * before, a trigger brings here.
 */
export class PushDevices1764000000220 implements MigrationInterface {
  readonly name = 'PushDevices1764000000220';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE push_device (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id int4 NOT NULL REFERENCES im_user,
        client_type int2 NOT NULL,
        provider text NOT NULL,
        app text NOT NULL DEFAULT '',
        token text NOT NULL,
        token_hash bytea NOT NULL UNIQUE,
        by_command bool NOT NULL DEFAULT false,
        client_version text NOT NULL DEFAULT '',
        locale text NOT NULL DEFAULT '',
        time_zone text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now(),
        failure text
      )`);
    await runner.query(`COMMENT ON TABLE push_device IS 'where push reaches users'`);
    await runner.query(
      `COMMENT ON COLUMN push_device.provider IS 'who delivers to it; android: the installation''s default for Android'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_device.app IS 'bundle id or package; empty: the installation''s default'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_device.token_hash IS 'SHA-256 of provider:token, since tokens can be longer than a B-tree key'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_device.by_command IS 'set by 0x0108: one for each user and mobile client type, gone after a logout'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_device.failure IS 'why it gets nothing, until its client sends the token again; null: it works'`,
    );
    await runner.query(`
      CREATE UNIQUE INDEX push_device_by_command ON push_device (user_id, client_type) WHERE by_command`);
    await runner.query('CREATE INDEX push_device_user ON push_device (user_id) WHERE failure IS NULL');

    await runner.query(sqlFunction('follow_device_token', 1));
    await runner.query(`
      CREATE TRIGGER device_token_followed AFTER INSERT OR UPDATE OR DELETE ON device_token
      FOR EACH ROW EXECUTE FUNCTION follow_device_token()`);
    await runner.query('UPDATE device_token SET token = token');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER device_token_followed ON device_token');
    await runner.query('DROP FUNCTION follow_device_token');
    await runner.query('DROP TABLE push_device');
  }
}
