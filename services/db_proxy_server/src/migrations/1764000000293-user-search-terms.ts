import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Users whose names have a rare text somewhere are found without reading those of all. */
export class UserSearchTerms1764000000293 implements MigrationInterface {
  readonly name = 'UserSearchTerms1764000000293';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlFunction('user_search_terms', 1));
    await runner.query(sqlFunction('user_search_query', 1));
    // A search reads what is pending entry by entry, so that little may be.
    await runner.query(`
      CREATE INDEX user_search_terms ON user_search USING gin (user_search_terms(names, addresses, pinyin))
      WITH (gin_pending_list_limit = 512)`);
    // Nothing is estimated by the terms, and ANALYZE would make those of 30,000 users.
    await runner.query('ALTER INDEX user_search_terms ALTER COLUMN 1 SET STATISTICS 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX user_search_terms');
    await runner.query('DROP FUNCTION user_search_query');
    await runner.query('DROP FUNCTION user_search_terms');
  }
}
