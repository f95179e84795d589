import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The rows of `outbox` are kept in one piece up to a page, and their payloads as they are: each is read at most
 * once, and gone a moment later. Compressing them was a twelfth of what PostgreSQL did for a message (docs/performance.md).
 */
export class OutboxStorage1764000000140 implements MigrationInterface {
  readonly name = 'OutboxStorage1764000000140';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        ALTER COLUMN bases SET STORAGE EXTERNAL,
        ALTER COLUMN conv SET STORAGE EXTERNAL,
        ALTER COLUMN payload SET STORAGE EXTERNAL,
        SET (toast_tuple_target = 8160)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        ALTER COLUMN bases SET STORAGE EXTENDED,
        ALTER COLUMN conv SET STORAGE EXTENDED,
        ALTER COLUMN payload SET STORAGE EXTENDED,
        RESET (toast_tuple_target)`);
  }
}
