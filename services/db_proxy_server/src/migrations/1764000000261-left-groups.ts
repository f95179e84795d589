import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The groups that users who left the company were in, so that they can be put back. */
export class LeftGroups1764000000261 implements MigrationInterface {
  readonly name = 'LeftGroups1764000000261';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE left_group (
        user_id int4 NOT NULL REFERENCES im_user ON DELETE CASCADE,
        group_id int4 NOT NULL REFERENCES chat_group ON DELETE CASCADE,
        heir_id int4,
        left_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, group_id)
      )`);
    await runner.query(
      `COMMENT ON TABLE left_group IS 'groups of users who have left the company; restored users are put back into them'`,
    );
    await runner.query(
      `COMMENT ON COLUMN left_group.heir_id IS 'who became the owner; null: the user was not the owner, or nobody was left'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE left_group');
  }
}
