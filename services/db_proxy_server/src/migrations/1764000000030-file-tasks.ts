import type { QueryRunner } from 'typeorm';
import type { Migration } from './migration.js';

/**
 * File transfers shared by all file_servers. Replaces the list of offline files: a waiting file is a task whose upload is
 * complete.
 */
export class FileTasks1764000000030 implements Migration {
  readonly name = 'FileTasks1764000000030';
  readonly needs = 1764000000030;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE offline_file');
    await runner.query(`
      CREATE TABLE file_task (
        id text COLLATE "C" PRIMARY KEY,
        from_id int4 NOT NULL REFERENCES im_user,
        to_id int4 NOT NULL REFERENCES im_user,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
        size int8 NOT NULL CHECK (size BETWEEN 0 AND 4294967295),
        offline boolean NOT NULL,
        stored int8 NOT NULL DEFAULT 0 CHECK (stored BETWEEN 0 AND size),
        sha256 bytea CHECK (octet_length(sha256) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        completed_at timestamptz CHECK (completed_at IS NULL OR (stored = size AND sha256 IS NOT NULL)),
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`COMMENT ON TABLE file_task IS 'transfers that were asked for and are not over'`);
    await runner.query(
      `COMMENT ON COLUMN file_task.name IS 'what the sender''s client calls it; never a path on a server'`,
    );
    await runner.query(`COMMENT ON COLUMN file_task.stored IS 'bytes of an upload that are kept for good'`);
    await runner.query(
      `COMMENT ON COLUMN file_task.completed_at IS 'when the upload was complete: from then on it waits for its receiver'`,
    );
    await runner.query(
      'CREATE INDEX file_task_waiting ON file_task (to_id, completed_at) WHERE completed_at IS NOT NULL',
    );
    await runner.query('CREATE INDEX file_task_sender ON file_task (from_id, to_id)');
    await runner.query('CREATE INDEX file_task_expiry ON file_task (expires_at)');

    await runner.query(`
      CREATE TABLE file_part (
        task_id text COLLATE "C" NOT NULL REFERENCES file_task ON DELETE CASCADE,
        start int8 NOT NULL,
        size int8 NOT NULL CHECK (size > 0),
        key text NOT NULL,
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        PRIMARY KEY (task_id, start)
      )`);
    await runner.query(
      `COMMENT ON TABLE file_part IS 'the blobs an uploaded file consists of, without gaps'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE file_part');
    await runner.query('DROP TABLE file_task');
    await runner.query(`
      CREATE TABLE offline_file (
        task_id text COLLATE "C" PRIMARY KEY,
        from_id int4 NOT NULL REFERENCES im_user,
        to_id int4 NOT NULL REFERENCES im_user,
        name text NOT NULL CHECK (char_length(name) <= 255),
        size int8 NOT NULL CHECK (size BETWEEN 0 AND 4294967295),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX offline_file_users ON offline_file (to_id, from_id, created_at)');
  }
}
