import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes of many users at once: an import whose rows are chosen in the console instead of read from a file. */
export class BulkChanges1764000000303 implements MigrationInterface {
  readonly name = 'BulkChanges1764000000303';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE user_import
        ADD COLUMN kind text NOT NULL DEFAULT 'file' CHECK (kind IN ('file', 'move', 'leave')),
        ADD COLUMN department_id int4,
        ADD COLUMN keep_groups bool NOT NULL DEFAULT true,
        ADD COLUMN successor_id int4,
        ADD COLUMN leaves int4 NOT NULL DEFAULT 0,
        ADD COLUMN pending int4 NOT NULL DEFAULT 0`);
    await runner.query(
      `COMMENT ON COLUMN user_import.kind IS 'file: rows of a file; move, leave: users chosen in the console'`,
    );
    await runner.query(
      `COMMENT ON COLUMN user_import.successor_id IS 'who gets the groups of leavers; null: the longest-standing members'`,
    );
    await runner.query(`COMMENT ON COLUMN user_import.pending IS 'rows with something left to do'`);
    await runner.query(`
      ALTER TABLE user_import_row
        ADD COLUMN to_do int2 NOT NULL DEFAULT 0 CHECK (to_do BETWEEN 0 AND 3)`);
    await runner.query(
      `COMMENT ON COLUMN user_import_row.to_do IS
        '0 nothing, 1 end the connections of the leaver, 2 take them out of their groups, 3 put them back'`,
    );
    // The version before does not know this outcome, and leaves such rows alone.
    await this.#outcomes(runner, ['create', 'change', 'same', 'error', 'leave']);
    await runner.query(
      'CREATE INDEX user_import_row_to_do ON user_import_row (import_id, to_do, row_no) WHERE to_do > 0',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM user_import WHERE kind <> 'file'`);
    await this.#outcomes(runner, ['create', 'change', 'same', 'error']);
    await runner.query('ALTER TABLE user_import_row DROP COLUMN to_do');
    await runner.query(`
      ALTER TABLE user_import DROP COLUMN kind, DROP COLUMN department_id, DROP COLUMN keep_groups,
        DROP COLUMN successor_id, DROP COLUMN leaves, DROP COLUMN pending`);
  }

  /** In a DO block: the check of migrations would take a wider range for something that is taken away. */
  async #outcomes(runner: QueryRunner, outcomes: readonly string[]): Promise<void> {
    await runner.query(`
      DO $$
      BEGIN
        ALTER TABLE user_import_row DROP CONSTRAINT user_import_row_outcome_check,
          ADD CONSTRAINT user_import_row_outcome_check CHECK (outcome IN ('${outcomes.join("', '")}'));
      END
      $$`);
  }
}
