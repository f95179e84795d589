import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

const signature = `int8[], int4[], int4[], int4[], int4[], int4[], int4[], int2[], int8[], bytea[],
  int4[], int4[], bytea[], int4[], int8, bytea, int8[], int8`;

/**
 * A writer to a conversation last written by another writer learns which of its messages are undelivered, so that none
 * is overtaken unnoticed.
 */
export class OpenMessages1764000000120 implements MigrationInterface {
  readonly name = 'OpenMessages1764000000120';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE conversation ADD COLUMN writer int8 NOT NULL DEFAULT 0');
    await runner.query(
      `COMMENT ON COLUMN conversation.writer IS 'mark of who wrote last, times two; odd: it was another one before'`,
    );
    await runner.query(`ALTER TABLE outbox ADD COLUMN conv int8[] NOT NULL DEFAULT '{}'`);
    await runner.query(
      `COMMENT ON COLUMN outbox.conv IS 'conversations of the batch; the first message of each is base + 1'`,
    );
    await runner.query(sqlFunction('open_messages', 1));
    await runner.query(sqlFunction('append_messages', 4));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 3));
    await runner.query(`DROP FUNCTION append_messages (${signature})`);
    await runner.query('DROP FUNCTION open_messages');
    await runner.query('ALTER TABLE outbox DROP COLUMN conv');
    await runner.query('ALTER TABLE conversation DROP COLUMN writer');
  }
}
