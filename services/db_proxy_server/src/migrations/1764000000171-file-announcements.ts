import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stores when the receiver of an upload must be notified, so that no crash loses the announcement. */
export class FileAnnouncements1764000000171 implements MigrationInterface {
  readonly name = 'FileAnnouncements1764000000171';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE file_task ADD COLUMN announce_at timestamptz');
    await runner.query(
      `COMMENT ON COLUMN file_task.announce_at IS 'when the receiver is to be told of it, once it is complete; null: was told, or the sender has not asked for it yet'`,
    );
    await runner.query(
      'CREATE INDEX file_task_announce ON file_task (announce_at) WHERE announce_at IS NOT NULL AND completed_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE file_task DROP COLUMN announce_at');
  }
}
