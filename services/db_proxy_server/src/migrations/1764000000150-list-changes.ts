import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records which transactions changed the users or the departments, so that cached lists can be revalidated. */
export class ListChanges1764000000150 implements MigrationInterface {
  readonly name = 'ListChanges1764000000150';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE list_change (list text NOT NULL, xid xid8 NOT NULL, PRIMARY KEY (list, xid))',
    );
    await runner.query(
      `COMMENT ON TABLE list_change IS 'transactions of the last minutes that changed im_user or department'`,
    );
    // SECURITY DEFINER, so that every role that may change a user can record the change.
    await runner.query(`
      CREATE FUNCTION note_list_change() RETURNS trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path FROM CURRENT AS $$
      BEGIN
        INSERT INTO list_change (list, xid) VALUES (TG_TABLE_NAME, pg_current_xact_id()) ON CONFLICT DO NOTHING;
        RETURN NULL;
      END
      $$`);
    // The visible columns, as in the triggers of updated_at.
    await runner.query(`
      CREATE TRIGGER im_user_list_change
      AFTER INSERT OR DELETE OR UPDATE OF id, name, gender, nick_name, real_name, avatar_url, department_id, email,
        tel, sign_info, status ON im_user
      FOR EACH STATEMENT EXECUTE FUNCTION note_list_change()`);
    await runner.query(`
      CREATE TRIGGER department_list_change
      AFTER INSERT OR DELETE OR UPDATE OF id, name, parent_id, priority, status ON department
      FOR EACH STATEMENT EXECUTE FUNCTION note_list_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER department_list_change ON department');
    await runner.query('DROP TRIGGER im_user_list_change ON im_user');
    await runner.query('DROP FUNCTION note_list_change');
    await runner.query('DROP TABLE list_change');
  }
}
