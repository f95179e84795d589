import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

const groupColumns = ['muted_until', 'owner_adds_only', 'max_members', 'announcement', 'announced_at'];

/**
 * Groups and members who may not write for a while, who may add members and how many there can be, announcements, and
 * what is needed to restore a dissolved group.
 */
export class GroupModeration1764000000306 implements MigrationInterface {
  readonly name = 'GroupModeration1764000000306';

  async up(runner: QueryRunner): Promise<void> {
    // First, as messages to groups read them in this order.
    await runner.query('ALTER TABLE group_member ADD COLUMN muted_until timestamptz');
    await runner.query(`
      ALTER TABLE chat_group ADD COLUMN muted_until timestamptz,
        ADD COLUMN owner_adds_only bool NOT NULL DEFAULT false,
        ADD COLUMN max_members int4 CHECK (max_members > 0),
        ADD COLUMN announcement text NOT NULL DEFAULT '' CHECK (char_length(announcement) <= 1000),
        ADD COLUMN announced_at timestamptz`);
    await runner.query(
      `COMMENT ON COLUMN chat_group.muted_until IS 'until then only the owner and bots can write; infinity: for good'`,
    );
    await runner.query(
      `COMMENT ON COLUMN chat_group.owner_adds_only IS 'members of a temporary group cannot add others'`,
    );
    await runner.query(
      `COMMENT ON COLUMN chat_group.max_members IS 'null: only the limit of the installation'`,
    );
    // Every message to a group looks here; as long as no group is muted there is nothing to find.
    await runner.query('CREATE INDEX chat_group_muted ON chat_group (id) WHERE muted_until IS NOT NULL');
    await runner.query(
      `COMMENT ON COLUMN group_member.muted_until IS 'the member cannot write until then; infinity: for good'`,
    );

    await runner.query(`
      CREATE TABLE dissolved_group (
        group_id int4 PRIMARY KEY REFERENCES chat_group ON DELETE CASCADE,
        dissolved_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX dissolved_group_at ON dissolved_group (dissolved_at)');
    await runner.query(
      `COMMENT ON TABLE dissolved_group IS 'groups that can still be restored with their last members'`,
    );
    await runner.query(`
      CREATE TABLE dissolved_member (
        group_id int4 NOT NULL REFERENCES dissolved_group ON DELETE CASCADE,
        user_id int4 NOT NULL REFERENCES im_user ON DELETE CASCADE,
        joined_at timestamptz NOT NULL,
        join_msg_id int4 NOT NULL,
        read_id int4 NOT NULL,
        removed_id int4 NOT NULL,
        shield bool NOT NULL,
        muted_until timestamptz,
        PRIMARY KEY (group_id, user_id)
      )`);
    await runner.query(
      `COMMENT ON TABLE dissolved_member IS 'the members that a dissolved group had, as in group_member'`,
    );

    await runner.query(sqlFunction('append_messages', 7));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('append_messages', 6));
    await runner.query('DROP TABLE dissolved_member');
    await runner.query('DROP TABLE dissolved_group');
    await runner.query('ALTER TABLE group_member DROP COLUMN muted_until');
    await runner.query('DROP INDEX chat_group_muted');
    for (const column of groupColumns) await runner.query(`ALTER TABLE chat_group DROP COLUMN ${column}`);
  }
}
