import type { QueryRunner } from 'typeorm';
import type { Migration } from './migration.js';

/**
 * Counts failed logins by name and source network (`place`), and stores the networks users have logged in from. Earlier
 * counts are dropped, since they would expire within half an hour.
 */
export class LoginPlaces1764000000004 implements Migration {
  readonly name = 'LoginPlaces1764000000004';
  readonly needs = 1764000000004;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_failure');
    await runner.query(`
      CREATE TABLE login_failure (
        name text COLLATE "C",
        place text COLLATE "C",
        failed_at timestamptz[] NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (name, place)
      )`);
    await runner.query(
      `COMMENT ON TABLE login_failure IS 'the newest failed logins of a name from a place, oldest first; names need not exist'`,
    );
    await runner.query(
      `COMMENT ON COLUMN login_failure.place IS 'an IPv4 address or the /64 of an IPv6 address; empty: not known'`,
    );
    await runner.query('CREATE INDEX login_failure_last_at ON login_failure (last_at)');
    await runner.query('CREATE INDEX login_failure_place ON login_failure (place, last_at)');

    await runner.query(`
      CREATE TABLE login_place (
        user_id int4 NOT NULL REFERENCES im_user,
        place text COLLATE "C" NOT NULL CHECK (place <> ''),
        last_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, place)
      )`);
    await runner.query(
      `COMMENT ON TABLE login_place IS 'where a user has logged in from, as in login_failure.place'`,
    );
    await runner.query(`COMMENT ON COLUMN login_place.last_at IS 'of his last good login there, to the day'`);
    await runner.query('CREATE INDEX login_place_last_at ON login_place (last_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_place');
    await runner.query('DROP TABLE login_failure');
    await runner.query(`
      CREATE TABLE login_failure (
        name text COLLATE "C" PRIMARY KEY,
        failed_at timestamptz[] NOT NULL,
        last_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX login_failure_last_at ON login_failure (last_at)');
  }
}
