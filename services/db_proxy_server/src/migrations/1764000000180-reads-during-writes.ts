import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * `mark_read` also works while a message to the same conversation is being stored: the batch of read marks failed then,
 * those of other conversations included. The signature is unchanged, so that replicas of the version before keep working.
 */
export class ReadsDuringWrites1764000000180 implements MigrationInterface {
  readonly name = 'ReadsDuringWrites1764000000180';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('low_sent_up_to', 1));
    await runner.query(sqlFunction('mark_read', 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('mark_read', 1));
    await runner.query('DROP FUNCTION low_sent_up_to');
  }
}
