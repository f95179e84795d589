import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Retention rules, legal holds, and the progress of the removal of expired messages. */
export class Retention1764000000250 implements MigrationInterface {
  readonly name = 'Retention1764000000250';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE conversation ADD COLUMN kept_from int4 NOT NULL DEFAULT 1');
    await runner.query(
      `COMMENT ON COLUMN conversation.kept_from IS 'lowest msg_id that is kept; above last_id when none is'`,
    );
    await runner.query(`
      CREATE TABLE retention_rule (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        scope text NOT NULL CHECK (scope IN ('installation', 'department', 'group')),
        scope_id int4 NOT NULL CHECK ((scope = 'installation') = (scope_id = 0)),
        days int4 CHECK (days BETWEEN 1 AND 36500),
        changed_at timestamptz NOT NULL DEFAULT now(),
        effective_at timestamptz NOT NULL,
        UNIQUE (scope, scope_id)
      )`);
    await runner.query(`COMMENT ON TABLE retention_rule IS 'how long messages are kept'`);
    await runner.query(`COMMENT ON COLUMN retention_rule.days IS 'null: for ever'`);
    await runner.query(
      `COMMENT ON COLUMN retention_rule.effective_at IS 'until then nothing in its scope is removed'`,
    );
    await runner.query(`
      CREATE TABLE legal_hold (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
        user_id int4 REFERENCES im_user,
        group_id int4 REFERENCES chat_group,
        placed_by text NOT NULL,
        placed_at timestamptz NOT NULL DEFAULT now(),
        released_at timestamptz,
        CHECK (num_nonnulls(user_id, group_id) = 1)
      )`);
    await runner.query(`COMMENT ON TABLE legal_hold IS 'users and groups whose messages are not removed'`);
    await runner.query('CREATE INDEX legal_hold_user ON legal_hold (user_id) WHERE released_at IS NULL');
    await runner.query('CREATE INDEX legal_hold_of_group ON legal_hold (group_id) WHERE released_at IS NULL');
    await runner.query(`
      CREATE TABLE legal_hold_group (
        hold_id int4 NOT NULL REFERENCES legal_hold,
        group_id int4 NOT NULL,
        PRIMARY KEY (hold_id, group_id)
      )`);
    await runner.query(
      `COMMENT ON TABLE legal_hold_group IS 'groups that a user left while a hold on them was active'`,
    );
    await runner.query(`
      CREATE TABLE retention_run (
        id int4 PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        position int8,
        worker int8,
        worked_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz,
        removed int8 NOT NULL DEFAULT 0,
        conversations int8 NOT NULL DEFAULT 0,
        removed_ever int8 NOT NULL DEFAULT 0
      )`);
    await runner.query(`COMMENT ON TABLE retention_run IS 'one row: the removal of expired messages'`);
    await runner.query(
      `COMMENT ON COLUMN retention_run.position IS 'conv that the run has reached; null: no run is in progress'`,
    );
    await runner.query(`COMMENT ON COLUMN retention_run.worker IS 'instance that works on it'`);
    await runner.query(`COMMENT ON COLUMN retention_run.removed IS 'messages, in the current or last run'`);
    await runner.query('INSERT INTO retention_run DEFAULT VALUES');

    for (const name of functions) await runner.query(sqlFunction(name, 1));
    await runner.query(`
      CREATE TRIGGER group_member_left AFTER DELETE ON group_member REFERENCING OLD TABLE AS left_member
      FOR EACH STATEMENT EXECUTE FUNCTION keep_left_group()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER group_member_left ON group_member');
    for (const name of functions.toReversed()) await runner.query(`DROP FUNCTION ${name}`);
    await runner.query('DROP TABLE retention_run');
    await runner.query('DROP TABLE legal_hold_group');
    await runner.query('DROP TABLE legal_hold');
    await runner.query('DROP TABLE retention_rule');
    await runner.query('ALTER TABLE conversation DROP COLUMN kept_from');
  }
}

const functions = ['is_held', 'keep_left_group', 'find_expired', 'remove_expired'];
