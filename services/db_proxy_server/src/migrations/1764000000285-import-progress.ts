import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Progress of an import from a legacy installation: written by `teamtalk import`, shown by the console. */
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
      `COMMENT ON TABLE import_progress IS 'progress of teamtalk import; empty: nothing was imported'`,
    );
    await runner.query(`COMMENT ON COLUMN import_progress.source IS 'host and name of the legacy database'`);
    await runner.query(
      `COMMENT ON COLUMN import_progress.step IS 'description of the current step; empty: none is running'`,
    );
    await runner.query(`COMMENT ON COLUMN import_progress.total IS '0: unknown'`);
    await runner.query(
      `COMMENT ON COLUMN import_progress.messages_until IS 'everything in the old message tables until then has been copied'`,
    );
    await runner.query(
      `COMMENT ON COLUMN import_progress.unexplained IS 'unexplained differences of the last comparison'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE import_progress');
  }
}
