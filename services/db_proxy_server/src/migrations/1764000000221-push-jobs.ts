import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/**
 * What is to be pushed: batches and read marks are noted where anything is pushed, notes become jobs for devices, and what became
 * of each job is in `push_log` for a while. `append_messages` and `mark_read` are as they were; replicas of the version
 * before go on calling them.
 */
export class PushJobs1764000000221 implements MigrationInterface {
  readonly name = 'PushJobs1764000000221';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE push_consumer (
        singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
        seen_at timestamptz NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE push_consumer IS 'when a push_server last asked for jobs; without one nothing is marked'`,
    );

    await runner.query(`
      CREATE TABLE push_mark (
        marked_at timestamptz NOT NULL,
        conv int8[] NOT NULL,
        base int4[] NOT NULL,
        count int4[] NOT NULL,
        low int4[] NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE push_mark IS 'stored batches whose conversations may have to be pushed, as append_messages was told of them'`,
    );
    await runner.query('CREATE INDEX push_mark_marked_at ON push_mark (marked_at)');

    await runner.query(`
      CREATE TABLE push_read (
        marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        conv int8[] NOT NULL,
        user_id int4[] NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE push_read IS 'who has read in which conversation, whose banners may have to go'`,
    );
    await runner.query('CREATE INDEX push_read_marked_at ON push_read (marked_at)');

    await runner.query(`
      CREATE TABLE push_job (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        device_id int8 NOT NULL REFERENCES push_device ON DELETE CASCADE,
        user_id int4 NOT NULL,
        conv int8 NOT NULL,
        msg_id int4 NOT NULL,
        shown_id int4 NOT NULL DEFAULT 0,
        marked_at timestamptz NOT NULL,
        due_at timestamptz DEFAULT now(),
        expires_at timestamptz NOT NULL,
        attempts int4 NOT NULL DEFAULT 0,
        claimed bool NOT NULL DEFAULT false,
        unsure bool NOT NULL DEFAULT false,
        last_error text,
        UNIQUE (device_id, conv)
      ) WITH (fillfactor = 70)`);
    await runner.query(
      `COMMENT ON TABLE push_job IS 'one conversation on one device: what is to be pushed, and what the device shows'`,
    );
    await runner.query(`COMMENT ON COLUMN push_job.msg_id IS 'newest message to be pushed'`);
    await runner.query(
      `COMMENT ON COLUMN push_job.shown_id IS 'newest message that the provider has taken; 0: the device shows nothing'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_job.due_at IS 'of a claimed job, the end of the claim; null: nothing is to be pushed'`,
    );
    await runner.query(
      `COMMENT ON COLUMN push_job.unsure IS 'it was sent and nobody knows whether the provider has taken it: the device may show it'`,
    );
    await runner.query('CREATE INDEX push_job_due_at ON push_job (due_at) WHERE due_at IS NOT NULL');

    await runner.query(`
      CREATE TABLE push_log (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        user_id int4 NOT NULL,
        device_id int8 NOT NULL,
        provider text NOT NULL,
        conv int8 NOT NULL,
        msg_id int4 NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        attempts int4 NOT NULL,
        seconds float4 NOT NULL
      )`);
    await runner.query(`COMMENT ON TABLE push_log IS 'what became of push jobs, for seven days'`);
    await runner.query(`COMMENT ON COLUMN push_log.seconds IS 'since its first message was stored'`);
    await runner.query('CREATE INDEX push_log_user ON push_log (user_id, at)');
    await runner.query('CREATE INDEX push_log_at ON push_log USING brin (at)');

    for (const name of functions) await runner.query(sqlFunction(name, 1));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of functions) await runner.query(`DROP FUNCTION ${name}`);
    for (const table of ['push_log', 'push_job', 'push_read', 'push_mark', 'push_consumer']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

const functions = [
  'unread_total',
  'push_conversation',
  'take_push_marks',
  'take_push_reads',
  'finish_pushes',
  'append_messages_marked',
  'mark_read_marked',
];
