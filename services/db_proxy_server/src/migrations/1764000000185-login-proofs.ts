import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Proofs of passwords, under a key that only the memory of db_proxy_servers has, and how they hand that key on. */
export class LoginProofs1764000000185 implements MigrationInterface {
  readonly name = 'LoginProofs1764000000185';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE login_proof (
        user_id int4 PRIMARY KEY REFERENCES im_user ON DELETE CASCADE,
        mac bytea NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE login_proof IS 'of a password that was good: a MAC under a key that is nowhere in this database'`,
    );
    await runner.query(`
      CREATE TABLE login_proof_key (
        only_one bool PRIMARY KEY DEFAULT true CHECK (only_one),
        fingerprint bytea NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE login_proof_key IS 'tells which key the db_proxy_servers share; nothing of the key follows from it'`,
    );
    await runner.query(`
      CREATE TABLE login_proof_request (
        id uuid PRIMARY KEY,
        public_key bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(
      `COMMENT ON TABLE login_proof_request IS 'a db_proxy_server asks the others for their key, sealed to this public key'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_proof_request');
    await runner.query('DROP TABLE login_proof_key');
    await runner.query('DROP TABLE login_proof');
  }
}
