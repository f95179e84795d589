import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * A statement may outlive its connection, when PostgreSQL stalls or a packet is delayed. If it runs after a retry of its
 * messages, they must not be stored twice: `append_messages` records messages stored by a retry, and refuses a later
 * first attempt. The signature is unchanged, so that replicas of the version before keep working.
 */
export class RetriedMessages1764000000005 implements MigrationInterface {
  readonly name = 'RetriedMessages1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE retried_message (
        token int8 PRIMARY KEY,
        stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query(
      `COMMENT ON TABLE retried_message IS 'messages that were stored by a retry: their first attempt must not store them again'`,
    );
    await runner.query(sqlFunction('append_messages', 3));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 2));
    await runner.query('DROP TABLE retried_message');
  }
}
