import type { Database, Statement } from '../database/database.js';
import type { StoredPassword } from '../passwords/password-checker.js';
import { type UserRow, userColumns } from './user-rows.js';

/** Longest login name, characters. */
export const maxNameLength = 64;

export interface LoginLimit {
  /** Failures of one name inside the window after which it is refused. */
  maxFailures: number;
  windowSeconds: number;
}

export interface LoginCandidate {
  /** undefined: there is no such name */
  user: UserRow | undefined;
  password: StoredPassword | undefined;
  /** Too many failures lately. */
  refused: boolean;
  /** Some failures are on record, old ones too. */
  hasFailures: boolean;
  /** Drawn for this attempt: larger than that of every attempt before it, of anybody. */
  loginSeq: number;
}

interface CandidateRow extends UserRow {
  password_hash: string | null;
  legacy_salt: string | null;
  refused: boolean;
  has_failures: boolean;
  login_seq: number;
}

const findCandidate: Statement = {
  name: 'login_candidate',
  // The name's failures are oldest first: it is refused while the nth newest is inside the window.
  text: `
    SELECT ${userColumns
      .split(', ')
      .map((column) => `u.${column}`)
      .join(', ')}, u.password_hash, u.legacy_salt,
      coalesce(f.failed_at[cardinality(f.failed_at) - $2::int4 + 1] > now() - make_interval(secs => $3), false)
        AS refused,
      f.name IS NOT NULL AS has_failures,
      nextval('login_seq')::float8 AS login_seq
    FROM (VALUES ($1::text)) AS asked(name)
    LEFT JOIN im_user u ON u.name = asked.name COLLATE "C"
    LEFT JOIN login_failure f ON f.name = asked.name COLLATE "C"`,
};

const recordFailure: Statement = {
  name: 'login_record_failure',
  text: `
    INSERT INTO login_failure AS f (name, failed_at, last_at)
    VALUES ($1, ARRAY[clock_timestamp()], clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET
      failed_at = (f.failed_at || clock_timestamp())[greatest(cardinality(f.failed_at) + 2 - $2::int4, 1):],
      last_at = clock_timestamp()`,
};

const clearFailures: Statement = {
  name: 'login_clear_failures',
  text: 'DELETE FROM login_failure WHERE name = $1',
};

const purgeFailures: Statement = {
  name: 'login_purge_failures',
  text: `
    DELETE FROM login_failure WHERE name IN (
      SELECT name FROM login_failure WHERE last_at < now() - make_interval(secs => $1)
      ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING name`,
};

const upgradeHash: Statement = {
  name: 'login_upgrade_hash',
  text: `
    UPDATE im_user SET password_hash = $3, legacy_salt = NULL
    WHERE id = $1 AND password_hash = $2 AND legacy_salt IS NOT NULL
    RETURNING id`,
};

/** Names one purge statement takes, so that it never holds many locks. */
const purgeBatch = 10_000;

/** Login attempts: who tries, how often it went wrong lately, and the number of each login. */
export class Logins {
  readonly #database: Database;
  readonly #limit: LoginLimit;

  constructor(database: Database, limit: LoginLimit) {
    this.#database = database;
    this.#limit = limit;
  }

  /** @param name 1 to 64 characters, none of them NUL */
  async find(name: string): Promise<LoginCandidate> {
    const { maxFailures, windowSeconds } = this.#limit;
    const [row] = await this.#database.query<CandidateRow>(findCandidate, [name, maxFailures, windowSeconds]);
    if (!row) throw new Error('login_candidate gives exactly one row');
    const exists = row.password_hash !== null;
    return {
      user: exists ? row : undefined,
      password: exists ? { hash: row.password_hash as string, legacySalt: row.legacy_salt } : undefined,
      refused: row.refused,
      hasFailures: row.has_failures,
      loginSeq: row.login_seq,
    };
  }

  /** Names that do not exist are counted like others, or the limit would tell which do. */
  async recordFailure(name: string): Promise<void> {
    await this.#database.query(recordFailure, [name, this.#limit.maxFailures]);
  }

  async clearFailures(name: string): Promise<void> {
    await this.#database.query(clearFailures, [name]);
  }

  /** Removes what has left the window. @returns how many names */
  async purgeFailures(): Promise<number> {
    let purged = 0;
    for (;;) {
      const rows = await this.#database.query(purgeFailures, [this.#limit.windowSeconds, purgeBatch]);
      purged += rows.length;
      if (rows.length < purgeBatch) return purged;
    }
  }

  /**
   * Replaces a legacy hash by a modern one, unless the password has been changed meanwhile.
   * @returns whether it did
   */
  async upgradeHash(userId: number, legacyHash: string, hash: string): Promise<boolean> {
    return (await this.#database.query(upgradeHash, [userId, legacyHash, hash])).length > 0;
  }
}
