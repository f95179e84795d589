import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * `append_messages` checks under the conversation's lock whether a sender has left the group since the membership
 * look-up, so that no message is numbered after its sender's removal. The signature is unchanged, so that replicas of
 * the version before keep working.
 */
export class SendersWhoLeft1764000000003 implements MigrationInterface {
  readonly name = 'SendersWhoLeft1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 1));
  }
}
