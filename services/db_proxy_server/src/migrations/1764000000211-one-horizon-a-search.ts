import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * The search for a retried message reads the horizon once. A second reading could be higher, when transactions ended in
 * between, and the search then ended above the message.
 */
export class OneHorizonASearch1764000000211 implements MigrationInterface {
  readonly name = 'OneHorizonASearch1764000000211';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('find_retried_since', 1));
    await runner.query(sqlFunction('append_messages', 6));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 5));
    await runner.query('DROP FUNCTION find_retried_since');
  }
}
