import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * New push jobs are claimed by the statement that makes them, and marks of messages that have been shown already end early. A read
 * counts also if it comes while the outcome of the push is being recorded, or before a newer message that is not pushed.
 */
export class ClaimedMarks1764000000311 implements MigrationInterface {
  readonly name = 'ClaimedMarks1764000000311';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('claim_push_marks', 1));
    await runner.query(sqlFunction('finish_pushes', 3));
    await runner.query(sqlFunction('take_push_reads', 4));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('take_push_reads', 3));
    await runner.query(sqlFunction('finish_pushes', 2));
    await runner.query('DROP FUNCTION claim_push_marks');
    await runner.query(sqlFunction('take_push_marks', 2));
  }
}
