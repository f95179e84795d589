import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The programs that clients run: counted by msg_servers, shown by the console. */
export class ClientBuilds1764000000300 implements MigrationInterface {
  readonly name = 'ClientBuilds1764000000300';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE client_build (
        client_type int4 NOT NULL,
        version text COLLATE "C" NOT NULL CHECK (char_length(version) <= 64),
        bot bool NOT NULL,
        first_seen timestamptz NOT NULL DEFAULT now(),
        last_seen timestamptz NOT NULL,
        logins int8 NOT NULL,
        faults jsonb NOT NULL,
        PRIMARY KEY (client_type, version, bot)
      )`);
    await runner.query(`COMMENT ON TABLE client_build IS 'client types and versions of the last 90 days'`);
    await runner.query(
      `COMMENT ON COLUMN client_build.client_type IS '0: connections before their login, and builds that are not counted one by one'`,
    );
    await runner.query(`COMMENT ON COLUMN client_build.version IS 'as the client says it'`);
    await runner.query(
      `COMMENT ON COLUMN client_build.faults IS 'protocol faults since first_seen: their number by kind'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE client_build');
  }
}
