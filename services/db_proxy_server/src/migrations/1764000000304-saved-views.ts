import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Views of the list of users that console accounts have saved. */
export class SavedViews1764000000304 implements MigrationInterface {
  readonly name = 'SavedViews1764000000304';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE saved_view (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account_id int4 NOT NULL REFERENCES console_account ON DELETE CASCADE,
        name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
        filter json NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (account_id, name)
      )`);
    await runner.query(
      `COMMENT ON TABLE saved_view IS 'views of the list of users, each of one account of the console'`,
    );
    await runner.query(`COMMENT ON COLUMN saved_view.filter IS 'text, departmentId, status and columns'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE saved_view');
  }
}
