import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Withdraws a banner that has been read when the newer messages of its conversation do not ring. */
export class SilentPushes1764000000295 implements MigrationInterface {
  readonly name = 'SilentPushes1764000000295';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('take_push_reads', 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('take_push_reads', 1));
  }
}
