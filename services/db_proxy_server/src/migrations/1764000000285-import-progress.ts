import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far an import from a legacy installation is: `teamtalk import` writes it, the console shows it. */
export class ImportProgress1764000000285 implements MigrationInterface {
  readonly name = 'ImportProgress1764000000285';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE import_progress (
        only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
        source text NOT NULL,
        began_at timestamptz NOT NULL DEFAULT now(),
        written_at timestamptz NOT NULL DEFAULT now(),
        step text NOT NULL DEFAULT '',
        done float8 NOT NULL DEFAULT 0,
        total float8 NOT NULL DEFAULT 0,
        rows_behind float8,
        messages_until timestamptz,
        state_until timestamptz,
        verified_at timestamptz,
        unexplained float8
      )`);
    await runner.query(
      `COMMENT ON TABLE import_progress IS 'how far teamtalk import is; empty: nothing was imported'`,
    );
    await runner.query(`COMMENT ON COLUMN import_progress.source IS 'host and name of the legacy database'`);
    await runner.query(
      `COMMENT ON COLUMN import_progress.step IS 'what runs now, in words; empty: nothing does'`,
    );
    await runner.query(`COMMENT ON COLUMN import_progress.total IS '0: not known'`);
    await runner.query(
      `COMMENT ON COLUMN import_progress.messages_until IS 'what was in the old tables of messages then is here'`,
    );
    await runner.query(
      `COMMENT ON COLUMN import_progress.unexplained IS 'differences that the last comparison found'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE import_progress');
  }
}
