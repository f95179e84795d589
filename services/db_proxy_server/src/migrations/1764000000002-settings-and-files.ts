import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Device tokens for push, files that wait for their receiver, and the index of the department sync. */
export class SettingsAndFiles1764000000002 implements MigrationInterface {
  readonly name = 'SettingsAndFiles1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX department_updated_at ON department (updated_at)');

    await runner.query(`
      CREATE TABLE device_token (
        user_id int4 NOT NULL REFERENCES im_user,
        client_type int2 NOT NULL,
        token text NOT NULL CHECK (token <> ''),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, client_type)
      )`);
    await runner.query(
      `COMMENT ON TABLE device_token IS 'where push reaches a user: one token for each mobile client type'`,
    );
    // A hash index, since tokens can be longer than a B-tree key.
    await runner.query('CREATE INDEX device_token_token ON device_token USING hash (token)');

    await runner.query(`
      CREATE TABLE offline_file (
        task_id text COLLATE "C" PRIMARY KEY,
        from_id int4 NOT NULL REFERENCES im_user,
        to_id int4 NOT NULL REFERENCES im_user,
        name text NOT NULL CHECK (char_length(name) <= 255),
        size int8 NOT NULL CHECK (size BETWEEN 0 AND 4294967295),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(
      `COMMENT ON TABLE offline_file IS 'files that were sent and that the receiver has not fetched yet'`,
    );
    await runner.query(
      `COMMENT ON COLUMN offline_file.name IS 'what the sender''s client calls it; never a path on a server'`,
    );
    await runner.query('CREATE INDEX offline_file_users ON offline_file (to_id, from_id, created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE offline_file');
    await runner.query('DROP TABLE device_token');
    await runner.query('DROP INDEX department_updated_at');
  }
}
