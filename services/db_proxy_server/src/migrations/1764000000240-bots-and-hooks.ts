import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Bot accounts, which log in with a token, and hooks: URLs through which other systems post as a bot. */
export class BotsAndHooks1764000000240 implements MigrationInterface {
  readonly name = 'BotsAndHooks1764000000240';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE bot (
        user_id int4 PRIMARY KEY REFERENCES im_user,
        token_hash bytea UNIQUE CHECK (octet_length(token_hash) = 32),
        token_set_at timestamptz
      )`);
    await runner.query(`COMMENT ON TABLE bot IS 'users that are programs: they log in with a token only'`);
    await runner.query(`COMMENT ON COLUMN bot.token_hash IS 'SHA-256 of the token; null: it cannot log in'`);
    await runner.query(`
      CREATE TABLE hook (
        id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 64),
        token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
        bot_id int4 NOT NULL REFERENCES bot,
        user_id int4 REFERENCES im_user,
        group_id int4 REFERENCES chat_group,
        any_receiver bool NOT NULL,
        rate float8 NOT NULL CHECK (rate > 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        CHECK (num_nonnulls(user_id, group_id) = 1)
      )`);
    await runner.query(
      `COMMENT ON TABLE hook IS 'incoming webhooks: what is posted to one is sent as a message'`,
    );
    await runner.query(`COMMENT ON COLUMN hook.bot_id IS 'sender of the messages'`);
    await runner.query(`COMMENT ON COLUMN hook.any_receiver IS 'whether a post may name another receiver'`);
    await runner.query(`COMMENT ON COLUMN hook.rate IS 'posts per second'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE hook');
    await runner.query('DROP TABLE bot');
  }
}
