import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stores outbox rows inline up to a page and without compression: each is read at most once and deleted soon after.
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
