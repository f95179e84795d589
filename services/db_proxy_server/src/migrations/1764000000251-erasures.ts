import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Erasures of users' data, and their results. */
export class Erasures1764000000251 implements MigrationInterface {
  readonly name = 'Erasures1764000000251';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasure (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id int4 NOT NULL REFERENCES im_user,
        reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
        requested_by text NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT now(),
        devices int4 NOT NULL,
        places int4 NOT NULL,
        files int4 NOT NULL,
        messages int8 NOT NULL DEFAULT 0,
        held int8 NOT NULL DEFAULT 0,
        at_conv int8 NOT NULL DEFAULT 0,
        at_id int4 NOT NULL DEFAULT 0,
        worker int8,
        worked_at timestamptz,
        finished_at timestamptz
      )`);
    await runner.query(
      `COMMENT ON TABLE erasure IS 'erasures of users’ data; a finished row is the certificate'`,
    );
    await runner.query(`COMMENT ON COLUMN erasure.messages IS 'messages whose content was replaced'`);
    await runner.query(`COMMENT ON COLUMN erasure.held IS 'messages kept because of a legal hold'`);
    await runner.query(
      `COMMENT ON COLUMN erasure.at_conv IS 'conv that it has reached; with at_id the message in it'`,
    );
    await runner.query('CREATE UNIQUE INDEX erasure_open ON erasure (user_id) WHERE finished_at IS NULL');
    await runner.query(sqlFunction('erase_messages', 1));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION erase_messages');
    await runner.query('DROP TABLE erasure');
  }
}
