import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

const signature = `int8[], int4[], int4[], int4[], int4[], int4[], int4[], int2[], int8[], bytea[],
  int4[], int4[], bytea[], int4[], int8, bytea, int8[], int8, int8[]`;

/**
 * A retry carries a horizon, a transaction id from before its first attempt. It bounds how far back the store searches
 * for the message, independently of clocks.
 */
export class RetryHorizons1764000000160 implements MigrationInterface {
  readonly name = 'RetryHorizons1764000000160';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('transaction_horizon', 1));
    await runner.query(sqlFunction('transactions_back', 1));
    await runner.query(sqlFunction('find_retried', 1));
    await runner.query(sqlFunction('append_messages', 5));
    await runner.query(sqlFunction('open_messages', 2));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 4));
    await runner.query(`DROP FUNCTION append_messages (${signature})`);
    await runner.query('DROP FUNCTION open_messages (int8[], int4[], int8)');
    await runner.query('DROP FUNCTION find_retried');
    await runner.query('DROP FUNCTION transactions_back');
    await runner.query('DROP FUNCTION transaction_horizon');
  }
}
