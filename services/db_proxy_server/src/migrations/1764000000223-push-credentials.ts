import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Credentials of push providers, encrypted with a key that only push_server and administrators have. */
export class PushCredentials1764000000223 implements MigrationInterface {
  readonly name = 'PushCredentials1764000000223';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE push_credential (
        provider text PRIMARY KEY,
        description text NOT NULL,
        key_id text NOT NULL,
        sealed bytea NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`COMMENT ON TABLE push_credential IS 'credentials of push providers, encrypted'`);
    await runner.query(
      `COMMENT ON COLUMN push_credential.key_id IS 'the key of PUSH_CREDENTIALS_KEY that encrypted it'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE push_credential');
  }
}
