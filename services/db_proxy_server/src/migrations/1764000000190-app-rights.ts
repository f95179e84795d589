import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The new names of each former permission. `bound`: apps that act as one user get it too, with that user's rights only. */
const renamed = `(VALUES
  ('group', 'groups:admin', false),
  ('users', 'users:read', true),
  ('users', 'users:write', false),
  ('kick', 'session', true),
  ('kick', 'sessions:admin', false),
  ('presence', 'statistics', false),
  ('discovery', 'discovery:read', true),
  ('discovery', 'discovery:write', false)
) AS renamed (before, name, bound)`;

/**
 * Administration becomes permissions of its own, which apps that act as any user keep, and apps that act as one user
 * lose. The former names stay for the http_msg_servers of the version before.
 */
export class AppRights1764000000190 implements MigrationInterface {
  readonly name = 'AppRights1764000000190';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE app SET permissions = permissions || array(
        SELECT name FROM ${renamed} WHERE before = ANY (permissions) AND (bound OR user_id IS NULL))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE app SET permissions = array(
        SELECT each FROM unnest(permissions) AS each WHERE each NOT IN (SELECT name FROM ${renamed}))`);
  }
}
