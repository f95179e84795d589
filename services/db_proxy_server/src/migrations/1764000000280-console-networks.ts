import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The networks from which console accounts have logged in. */
export class ConsoleNetworks1764000000280 implements MigrationInterface {
  readonly name = 'ConsoleNetworks1764000000280';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE console_account ADD COLUMN networks text[] NOT NULL DEFAULT '{}'`);
    await runner.query(
      `COMMENT ON COLUMN console_account.networks IS 'IPv4 addresses and IPv6 /64s of the last logins, newest last; failures elsewhere do not lock the account out there'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE console_account DROP COLUMN networks');
  }
}
