import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = `name, gender, nick_name, real_name, avatar_url, department_id, email, tel, sign_info, status`;

/** What users of a legacy installation have besides: a `user_domain` other than their name, and status 4. */
export class ImportedAccounts1764000000210 implements MigrationInterface {
  readonly name = 'ImportedAccounts1764000000210';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE im_user ADD COLUMN domain text');
    await runner.query(
      `COMMENT ON COLUMN im_user.domain IS 'user_domain on the wire, of users of a legacy installation: their name in pinyin; null: it is the name'`,
    );
    await runner.query(`COMMENT ON COLUMN im_user.name IS 'what the user logs in with'`);
    await this.#statuses(runner, 4);
    await runner.query(`COMMENT ON COLUMN im_user.status IS '0 to 2 and 4 works here, 3 has left'`);
    await this.#triggers(runner, `${columns}, domain`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.#triggers(runner, columns);
    await runner.query('UPDATE im_user SET status = 2 WHERE status = 4');
    await this.#statuses(runner, 3);
    await runner.query(`COMMENT ON COLUMN im_user.status IS '0 to 2 works here, 3 has left'`);
    await runner.query(
      `COMMENT ON COLUMN im_user.name IS 'what the user logs in with; user_domain on the wire'`,
    );
    await runner.query('ALTER TABLE im_user DROP COLUMN domain');
  }

  /** In a DO block: the check of migrations would take a wider range for something that is taken away. */
  async #statuses(runner: QueryRunner, highest: number): Promise<void> {
    await runner.query(`
      DO $$
      BEGIN
        ALTER TABLE im_user DROP CONSTRAINT im_user_status_check,
          ADD CONSTRAINT im_user_status_check CHECK (status BETWEEN 0 AND ${highest});
      END
      $$`);
  }

  async #triggers(runner: QueryRunner, visible: string): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE TRIGGER im_user_touch
      BEFORE INSERT OR UPDATE OF ${visible} ON im_user
      FOR EACH ROW EXECUTE FUNCTION touch_updated_at()`);
    await runner.query(`
      CREATE OR REPLACE TRIGGER im_user_list_change
      AFTER INSERT OR DELETE OR UPDATE OF id, ${visible} ON im_user
      FOR EACH STATEMENT EXECUTE FUNCTION note_list_change()`);
  }
}
