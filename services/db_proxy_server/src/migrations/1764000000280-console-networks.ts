import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where accounts of the console have logged in. */
export class ConsoleNetworks1764000000280 implements MigrationInterface {
  readonly name = 'ConsoleNetworks1764000000280';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE console_account ADD COLUMN networks text[] NOT NULL DEFAULT '{}'`);
    await runner.query(
      `COMMENT ON COLUMN console_account.networks IS 'IPv4 addresses and /64s of IPv6 of the last logins, newest last: nobody elsewhere locks the account out there'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE console_account DROP COLUMN networks');
  }
}
