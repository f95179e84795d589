import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index for the due events of each webhook. `webhook_event_due` stays for db_proxy_servers of the version before.
 */
export class WebhookShares1764000000165 implements MigrationInterface {
  readonly name = 'WebhookShares1764000000165';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX webhook_event_due_of ON webhook_event (webhook_id, next_at)
      WHERE delivered_at IS NULL AND failed_at IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX webhook_event_due_of');
  }
}
