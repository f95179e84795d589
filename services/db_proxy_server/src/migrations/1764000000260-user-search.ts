import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** The text that user searches match, in a table narrow enough to scan completely: matches can begin anywhere in a name. */
export class UserSearch1764000000260 implements MigrationInterface {
  readonly name = 'UserSearch1764000000260';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_search (
        user_id int4 PRIMARY KEY REFERENCES im_user ON DELETE CASCADE,
        has_left bool NOT NULL,
        department_id int4 NOT NULL,
        names text COLLATE "C" NOT NULL,
        addresses text COLLATE "C" NOT NULL,
        pinyin text COLLATE "C"
      )`);
    await runner.query(`COMMENT ON TABLE user_search IS 'text by which users are found, in lower case'`);
    await runner.query(
      `COMMENT ON COLUMN user_search.pinyin IS 'of the names, complete and as initials; null: not filled in yet'`,
    );
    await runner.query(
      'CREATE INDEX user_search_without_pinyin ON user_search (user_id) WHERE pinyin IS NULL',
    );
    await runner.query(sqlFunction('note_user_search', 1));
    // Blocks other writers until the existing rows are copied.
    await runner.query(`
      CREATE TRIGGER im_user_search
      AFTER INSERT OR UPDATE OF name, nick_name, real_name, domain, tel, email, status, department_id ON im_user
      FOR EACH ROW EXECUTE FUNCTION note_user_search()`);
    await runner.query(`
      INSERT INTO user_search (user_id, has_left, department_id, names, addresses, pinyin)
      SELECT id, status = 3, department_id, names, lower(concat_ws(E'\\n', tel, email)),
        CASE WHEN octet_length(names) = char_length(names) THEN '' END
      FROM im_user, LATERAL (SELECT lower(concat_ws(E'\\n', name, nick_name, real_name, domain)) AS names) AS n`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER im_user_search ON im_user');
    await runner.query('DROP FUNCTION note_user_search');
    await runner.query('DROP TABLE user_search');
  }
}
