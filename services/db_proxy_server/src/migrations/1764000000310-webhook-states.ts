import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Webhooks can be disabled: their events move to another column, so that nothing is recorded for them, by the version before
 * either. Indexes list the newest events of each, and the dead letters of the last hour.
 */
export class WebhookStates1764000000310 implements MigrationInterface {
  readonly name = 'WebhookStates1764000000310';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhook ADD COLUMN disabled_events text[]');
    await runner.query(
      `COMMENT ON COLUMN webhook.disabled_events IS 'its events while it is disabled and events is empty; null: it is not disabled'`,
    );
    await runner.query('CREATE INDEX webhook_event_newest ON webhook_event (webhook_id, id)');
    await runner.query(
      'CREATE INDEX webhook_event_dead ON webhook_event (failed_at) WHERE failed_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX webhook_event_dead');
    await runner.query('DROP INDEX webhook_event_newest');
    await runner.query('UPDATE webhook SET events = disabled_events WHERE disabled_events IS NOT NULL');
    await runner.query('ALTER TABLE webhook DROP COLUMN disabled_events');
  }
}
