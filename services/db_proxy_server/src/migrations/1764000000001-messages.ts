import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

const partitions = 16;

/**
 * Conversations, messages, the outbox, and the two statements of the hot path as functions: one call numbers, checks and
 * stores a whole batch.
 */
export class Messages1764000000001 implements MigrationInterface {
  readonly name = 'Messages1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    // conv: (lower user id << 32) | higher user id for a pair, the group id for a group. The low_ and high_
    // columns are the two sides of a pair and stay 0 for a group. fillfactor leaves room for HOT updates,
    // and no index holds a column that changes.
    await runner.query(`
      CREATE TABLE conversation (
        conv int8 PRIMARY KEY,
        last_id int4 NOT NULL DEFAULT 0,
        last_at timestamptz NOT NULL DEFAULT to_timestamp(0),
        low_sent int4 NOT NULL DEFAULT 0,
        low_read int4 NOT NULL DEFAULT 0,
        high_read int4 NOT NULL DEFAULT 0,
        low_seen int4 NOT NULL DEFAULT 0,
        high_seen int4 NOT NULL DEFAULT 0,
        low_removed int4 NOT NULL DEFAULT 0,
        high_removed int4 NOT NULL DEFAULT 0
      ) WITH (fillfactor = 50)`);
    await runner.query(
      `COMMENT ON COLUMN conversation.low_sent IS 'messages the lower user has sent; the higher one sent the rest'`,
    );
    await runner.query(`COMMENT ON COLUMN conversation.low_read IS 'newest msg_id the lower user has read'`);
    await runner.query(
      `COMMENT ON COLUMN conversation.low_seen IS 'how many of the other user''s messages that is'`,
    );
    await runner.query(
      `COMMENT ON COLUMN conversation.low_removed IS 'last_id when the lower user removed the session from his list'`,
    );
    await runner.query(`
      CREATE INDEX conversation_high_user ON conversation ((conv & 4294967295)) WHERE conv >= 4294967296`);

    await runner.query(`
      CREATE TABLE message (
        conv int8 NOT NULL,
        id int4 NOT NULL,
        from_id int4 NOT NULL,
        sender_seq int4 NOT NULL,
        token int8 NOT NULL,
        created_at timestamptz NOT NULL,
        type int2 NOT NULL,
        data bytea NOT NULL,
        PRIMARY KEY (conv, id)
      ) PARTITION BY HASH (conv)`);
    await runner.query(
      `COMMENT ON COLUMN message.sender_seq IS 'number of this message among its sender''s in the conversation; 0 in groups'`,
    );
    await runner.query(
      `COMMENT ON COLUMN message.token IS 'the trace id: instance that took it in (upper half) and its ticket'`,
    );
    for (let part = 0; part < partitions; part++) {
      await runner.query(`
        CREATE TABLE message_p${part} PARTITION OF message
        FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})`);
    }

    await runner.query(`
      CREATE TABLE message_key (
        conv int8 NOT NULL,
        from_id int4 NOT NULL,
        key bytea NOT NULL,
        msg_id int4 NOT NULL,
        PRIMARY KEY (conv, from_id, key)
      )`);
    await runner.query(
      `COMMENT ON TABLE message_key IS 'the senders'' own keys: the same key again is the same message'`,
    );

    await runner.query(`
      CREATE TABLE outbox (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        owner int8 NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        bases int4[] NOT NULL,
        payload bytea NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE outbox IS 'batches that are stored but not yet delivered; a row goes when every msg_server concerned has them'`,
    );

    await runner.query(sqlFunction('append_messages', 1));
    await runner.query(sqlFunction('mark_read', 1));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION mark_read');
    await runner.query('DROP FUNCTION append_messages');
    await runner.query('DROP TABLE outbox');
    await runner.query('DROP TABLE message_key');
    await runner.query('DROP TABLE message');
    await runner.query('DROP TABLE conversation');
  }
}
