import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Imports of users from files: the findings and outcome of each row, and how to undo it. */
export class UserImports1764000000262 implements MigrationInterface {
  readonly name = 'UserImports1764000000262';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_import (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        file_name text NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        begun_at timestamptz,
        undone_at timestamptz,
        rows int4 NOT NULL DEFAULT 0,
        creates int4 NOT NULL DEFAULT 0,
        changes int4 NOT NULL DEFAULT 0,
        same int4 NOT NULL DEFAULT 0,
        errors int4 NOT NULL DEFAULT 0,
        done int4 NOT NULL DEFAULT 0,
        undone int4 NOT NULL DEFAULT 0,
        kept int4 NOT NULL DEFAULT 0
      )`);
    await runner.query(`COMMENT ON TABLE user_import IS 'files of users; kept for a month'`);
    await runner.query(
      `COMMENT ON COLUMN user_import.begun_at IS 'when the first users were added or changed; null: it was only checked'`,
    );
    await runner.query(`COMMENT ON COLUMN user_import.creates IS 'rows that add a user, done or not'`);
    await runner.query(
      `COMMENT ON COLUMN user_import.kept IS 'rows undone only in part, since somebody changed the user after the import'`,
    );
    await runner.query('CREATE INDEX user_import_created_at ON user_import (created_at)');
    await runner.query(`
      CREATE TABLE user_import_row (
        import_id int4 NOT NULL REFERENCES user_import ON DELETE CASCADE,
        row_no int4 NOT NULL,
        name text COLLATE "C" NOT NULL,
        fields json NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('create', 'change', 'same', 'error')),
        faults json NOT NULL,
        state int2 NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
        user_id int4,
        before json,
        after json,
        PRIMARY KEY (import_id, row_no)
      )`);
    await runner.query(`COMMENT ON COLUMN user_import_row.row_no IS 'in the file; row 1 has the headings'`);
    await runner.query(
      `COMMENT ON COLUMN user_import_row.state IS '0 not done, 1 done, 2 undone, 3 undone in part'`,
    );
    await runner.query(`COMMENT ON COLUMN user_import_row.before IS 'previous values of the changed fields'`);
    await runner.query('CREATE INDEX user_import_row_name ON user_import_row (import_id, name)');
    await runner.query(
      'CREATE INDEX user_import_row_user ON user_import_row (user_id) WHERE user_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE user_import_row');
    await runner.query('DROP TABLE user_import');
  }
}
