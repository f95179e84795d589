import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links between identities of an OpenID Connect provider and console accounts. */
export class ConsoleSignOn1764000000256 implements MigrationInterface {
  readonly name = 'ConsoleSignOn1764000000256';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE console_account ADD COLUMN email text');
    await runner.query('CREATE UNIQUE INDEX console_account_email ON console_account (lower(email))');
    await runner.query(
      `COMMENT ON COLUMN console_account.email IS 'address of the person who may sign on to it through a provider'`,
    );
    await runner.query(`
      CREATE TABLE console_identity (
        issuer text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        account_id int4 NOT NULL REFERENCES console_account,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, subject),
        UNIQUE (account_id, issuer)
      )`);
    await runner.query(
      `COMMENT ON TABLE console_identity IS 'identities of a provider and their console accounts, linked at the first sign-on'`,
    );
    await runner.query('ALTER TABLE console_session ADD COLUMN signed_on bool NOT NULL DEFAULT false');
    await runner.query(
      `COMMENT ON COLUMN console_session.signed_on IS 'opened through a provider, which checks any second factor itself'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE console_session DROP COLUMN signed_on');
    await runner.query('DROP TABLE console_identity');
    await runner.query('ALTER TABLE console_account DROP COLUMN email');
  }
}
