import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors of console accounts. */
export class ConsoleSecondFactors1764000000255 implements MigrationInterface {
  readonly name = 'ConsoleSecondFactors1764000000255';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE console_second_factor (
        account_id int4 PRIMARY KEY REFERENCES console_account,
        key_id text NOT NULL,
        sealed bytea NOT NULL,
        confirmed_at timestamptz,
        last_step int8 NOT NULL DEFAULT 0,
        recovery_hashes bytea[] NOT NULL DEFAULT '{}'
      )`);
    await runner.query(
      `COMMENT ON TABLE console_second_factor IS 'encrypted secrets of one-time codes (RFC 6238) of console accounts'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_second_factor.key_id IS 'the key of CONSOLE_SECRETS_KEY that encrypted it'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_second_factor.confirmed_at IS 'null: no code has been entered yet, and logins need none'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_second_factor.last_step IS 'of the newest code used: neither it nor an earlier one works again'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_second_factor.recovery_hashes IS 'SHA-256 of the unused recovery codes'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE console_second_factor');
  }
}
