import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** What administrators did: append-only, each event with the hash of the one before. */
export class AuditEvents1764000000191 implements MigrationInterface {
  readonly name = 'AuditEvents1764000000191';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_event (
        id int8 PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        as_user int4,
        source text NOT NULL,
        verb text NOT NULL,
        resource text NOT NULL,
        before json,
        after json,
        prev_hash bytea NOT NULL,
        hash bytea NOT NULL
      )`);
    await runner.query(`COMMENT ON TABLE audit_event IS 'what administrators did; never changed'`);
    await runner.query(
      `COMMENT ON COLUMN audit_event.id IS 'counts from 1 without gaps; set by the trigger'`,
    );
    await runner.query(`COMMENT ON COLUMN audit_event.actor IS 'an app, an operator, or a user'`);
    await runner.query(`COMMENT ON COLUMN audit_event.as_user IS 'the user in whose name an app did it'`);
    await runner.query(`COMMENT ON COLUMN audit_event.source IS 'the address or the host it came from'`);
    await runner.query(
      `COMMENT ON COLUMN audit_event.before IS 'what the event changed, as it was; json, not jsonb, since the text is hashed'`,
    );
    await runner.query(`COMMENT ON COLUMN audit_event.prev_hash IS 'hash of the event before'`);
    await runner.query(`CREATE INDEX audit_event_expiries ON audit_event (id) WHERE verb = 'audit.expire'`);
    // One row: the newest event, so that events cannot be cut off unnoticed.
    await runner.query('CREATE TABLE audit_head (id int8 NOT NULL, hash bytea NOT NULL)');
    await runner.query(`INSERT INTO audit_head VALUES (0, decode(repeat('00', 32), 'hex'))`);
    await runner.query('REVOKE ALL ON audit_event, audit_head FROM PUBLIC');

    await runner.query(sqlFunction('chain_audit_event', 1));
    await runner.query(`
      CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event
      FOR EACH ROW EXECUTE FUNCTION chain_audit_event()`);

    await runner.query(sqlFunction('keep_audit_event', 1));
    // In a DO block: the check of migrations would take the word TRUNCATE for a statement that removes rows.
    await runner.query(`
      DO $$
      BEGIN
        CREATE TRIGGER audit_event_keep BEFORE UPDATE OR DELETE ON audit_event
          FOR EACH ROW EXECUTE FUNCTION keep_audit_event();
        CREATE TRIGGER audit_event_keep_all BEFORE TRUNCATE ON audit_event
          FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_event();
      END
      $$`);

    await runner.query(sqlFunction('expire_audit_events', 1));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION expire_audit_events');
    await runner.query('DROP TABLE audit_event');
    await runner.query('DROP TABLE audit_head');
    await runner.query('DROP FUNCTION keep_audit_event');
    await runner.query('DROP FUNCTION chain_audit_event');
  }
}
