import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts of the console and their sessions. */
export class ConsoleAccounts1764000000230 implements MigrationInterface {
  readonly name = 'ConsoleAccounts1764000000230';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE console_account (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 64),
        role text NOT NULL,
        department_id int4,
        password_hash text,
        setup_hash bytea UNIQUE,
        setup_expires_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_login_at timestamptz,
        disabled_at timestamptz
      )`);
    await runner.query(`COMMENT ON TABLE console_account IS 'accounts of the console'`);
    await runner.query(
      `COMMENT ON COLUMN console_account.department_id IS 'of a department administrator, who is restricted to it and those below it'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_account.password_hash IS 'argon2id of the password; null: not chosen yet'`,
    );
    await runner.query(
      `COMMENT ON COLUMN console_account.setup_hash IS 'SHA-256 of the one-time token for choosing a password'`,
    );
    await runner.query(`
      CREATE TABLE console_session (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
        account_id int4 NOT NULL REFERENCES console_account,
        address text NOT NULL,
        user_agent text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`COMMENT ON TABLE console_session IS 'sessions of the console'`);
    await runner.query(`COMMENT ON COLUMN console_session.token_hash IS 'SHA-256 of the browser’s token'`);
    await runner.query(`COMMENT ON COLUMN console_session.seen_at IS 'time of the last call, to the minute'`);
    await runner.query('CREATE INDEX console_session_account ON console_session (account_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE console_session');
    await runner.query('DROP TABLE console_account');
  }
}
