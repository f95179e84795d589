import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exports of messages, requested by one person and approved by another. */
export class MessageExports1764000000252 implements MigrationInterface {
  readonly name = 'MessageExports1764000000252';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE message_export (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id int4 REFERENCES im_user,
        group_id int4 REFERENCES chat_group,
        reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
        requested_by text NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT now(),
        approved_by text,
        approved_at timestamptz,
        written_by text,
        written_at timestamptz,
        messages int8,
        manifest_hash bytea,
        CHECK (num_nonnulls(user_id, group_id) = 1),
        CHECK (approved_by <> requested_by)
      )`);
    await runner.query(`COMMENT ON TABLE message_export IS 'exports of the messages of a user or a group'`);
    await runner.query(`COMMENT ON COLUMN message_export.approved_by IS 'another person than the requester'`);
    await runner.query(
      `COMMENT ON COLUMN message_export.manifest_hash IS 'SHA-256 of the manifest that was written last'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE message_export');
  }
}
