import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * Who is mentioned in a muted group gets a push. A badge is set again also where no banner goes; banners of groups that somebody has
 * left go; what was to be pushed to a removed device is in the log; and an outcome ends only the claim that it belongs to.
 */
export class MentionsAndBadges1764000000312 implements MigrationInterface {
  readonly name = 'MentionsAndBadges1764000000312';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE push_job ADD COLUMN mention_id int4 NOT NULL DEFAULT 0');
    await runner.query(
      `COMMENT ON COLUMN push_job.mention_id IS 'newest message that mentions the user although they have muted the group; 0: none'`,
    );
    await runner.query(`
      CREATE TABLE push_muted (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        marked_at timestamptz NOT NULL DEFAULT now(),
        conv int8 NOT NULL,
        first_id int4 NOT NULL,
        last_id int4 NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE push_muted IS 'messages of groups that somebody has muted, which are to be searched for mentions'`,
    );
    await runner.query('ALTER TABLE push_log ADD COLUMN badge int4');
    await runner.query(
      `COMMENT ON COLUMN push_log.badge IS 'unread messages that the device was told of; null: it was told nothing'`,
    );
    for (const [name, version] of functions) await runner.query(sqlFunction(name, version));
    await runner.query(`
      CREATE TRIGGER push_device_removed BEFORE DELETE ON push_device
      FOR EACH ROW EXECUTE FUNCTION log_removed_device()`);
    await runner.query(`
      CREATE TRIGGER group_member_pushes AFTER DELETE ON group_member REFERENCING OLD TABLE AS left_member
      FOR EACH STATEMENT EXECUTE FUNCTION withdraw_left_group()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER group_member_pushes ON group_member');
    await runner.query('DROP TRIGGER push_device_removed ON push_device');
    await runner.query('DROP FUNCTION withdraw_left_group');
    await runner.query('DROP FUNCTION push_badges');
    await runner.query('DROP FUNCTION log_removed_device');
    await runner.query('DROP FUNCTION claim_push_marks(float8, int4, int4, interval, bool)');
    await runner.query(
      'DROP FUNCTION finish_pushes(int8[], text[], text[], int4[], float8[], float8[], bool[], int4[], int4[], bool[])',
    );
    await runner.query(sqlFunction('claim_push_marks', 1));
    await runner.query(sqlFunction('finish_pushes', 3));
    await runner.query(sqlFunction('take_push_reads', 4));
    await runner.query('DROP FUNCTION take_read_marks');
    await runner.query(sqlFunction('push_conversation', 1));
    await runner.query('ALTER TABLE push_log DROP COLUMN badge');
    await runner.query('DROP TABLE push_muted');
    await runner.query('ALTER TABLE push_job DROP COLUMN mention_id');
  }
}

const functions = [
  ['push_conversation', 2],
  ['claim_push_marks', 2],
  ['finish_pushes', 4],
  ['take_read_marks', 1],
  ['push_badges', 1],
  ['log_removed_device', 1],
  ['withdraw_left_group', 1],
] as const;
