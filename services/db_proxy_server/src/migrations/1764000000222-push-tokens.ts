import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * Identifies a device by its token alone, since apps can now register devices, and may name a provider where 0x0108 names none.
 * Of two rows for one device, the one seen last is kept.
 */
export class PushTokens1764000000222 implements MigrationInterface {
  readonly name = 'PushTokens1764000000222';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('push_token_hash', 1));
    await runner.query(`
      DELETE FROM push_device d USING push_device n
      WHERE push_token_hash(n.token) = push_token_hash(d.token) AND (n.seen_at, n.id) > (d.seen_at, d.id)`);
    await runner.query('UPDATE push_device SET token_hash = push_token_hash(token)');
    await runner.query(
      `COMMENT ON COLUMN push_device.token_hash IS 'identifies the device: push_token_hash of its token, since tokens can be longer than a B-tree key'`,
    );
    await runner.query(sqlFunction('follow_device_token', 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('follow_device_token', 1));
    await runner.query(
      `UPDATE push_device SET token_hash = sha256(convert_to(provider || ':' || token, 'UTF8'))`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_device.token_hash IS 'SHA-256 of provider:token, since tokens can be longer than a B-tree key'`,
    );
    await runner.query('DROP FUNCTION push_token_hash');
  }
}
