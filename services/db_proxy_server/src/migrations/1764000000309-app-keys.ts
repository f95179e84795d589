import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Apps can be disabled for a while, get new keys, and show when they last called. A disabled app counts as revoked, so that
 * the version before refuses its calls, too.
 */
export class AppKeys1764000000309 implements MigrationInterface {
  readonly name = 'AppKeys1764000000309';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE app
        ADD COLUMN disabled bool NOT NULL DEFAULT false,
        ADD COLUMN key_set_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN used_at timestamptz`);
    await runner.query('UPDATE app SET key_set_at = created_at');
    await runner.query(
      `COMMENT ON COLUMN app.disabled IS 'revoked for a while: its key can be allowed again'`,
    );
    await runner.query(
      `COMMENT ON COLUMN app.used_at IS 'its last call, to the minute; null: none is known'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE app DROP COLUMN disabled, DROP COLUMN key_set_at, DROP COLUMN used_at');
  }
}
