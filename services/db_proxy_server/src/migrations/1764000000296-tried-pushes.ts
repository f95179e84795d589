import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** A job remembers for which message it was claimed first; the badge is computed by a query that PostgreSQL can inline. */
export class TriedPushes1764000000296 implements MigrationInterface {
  readonly name = 'TriedPushes1764000000296';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE push_job ADD COLUMN tried_id int4 NOT NULL DEFAULT 0');
    await runner.query(
      `COMMENT ON COLUMN push_job.tried_id IS 'newest message when it was first claimed without a known outcome: the device may show it if unsure'`,
    );
    await runner.query(sqlFunction('unread_badge', 1));
    await runner.query(sqlFunction('unread_total', 2));
    await runner.query(sqlFunction('take_push_reads', 3));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('take_push_reads', 2));
    await runner.query(sqlFunction('unread_total', 1));
    await runner.query('DROP FUNCTION unread_badge');
    await runner.query('ALTER TABLE push_job DROP COLUMN tried_id');
  }
}
