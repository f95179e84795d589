import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Starts a new hold for a message when the one before it was read during its hold or withdrawn. */
export class HeldPushes1764000000265 implements MigrationInterface {
  readonly name = 'HeldPushes1764000000265';

  async up(runner: QueryRunner): Promise<void> {
    for (const name of functions) await runner.query(sqlFunction(name, 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of functions) await runner.query(sqlFunction(name, 1));
  }
}

const functions = ['take_push_marks', 'finish_pushes'];
