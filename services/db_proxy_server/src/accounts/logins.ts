import DataLoader from 'dataloader';
import type { Database, Statement } from '../database/database.js';
import { purgeInBatches } from '../database/purge-in-batches.js';
import type { StoredPassword } from './passwords/password-checker.js';
import { type UserRow, userColumns } from './user-rows.js';

/** Longest login name, characters. */
export const maxNameLength = 64;

export interface LoginLimit {
  /** Failures of one name in the window after which it is refused; see LoginCandidate.failures. */
  maxFailures: number;
  /**
   * Names that failed from one network in the window after which it is closed to users not known there;
   * 0: no limit
   */
  maxNamesPerNetwork: number;
  windowSeconds: number;
}

export interface LoginCandidate {
  /** undefined: unknown name */
  user: UserRow | undefined;
  password: StoredPassword | undefined;
  /** for a bot the SHA-256 of its token, null if it has none; undefined: the user is not a bot */
  bot: { tokenHash: Buffer | null } | undefined;
  /** from LoginProofs.keep; undefined: none */
  proof: Buffer | undefined;
  /** The user has logged in from this network before. */
  isKnownNetwork: boolean;
  /** The stored login from this network is less than a day old. */
  isNetworkFresh: boolean;
  /**
   * Failures of this name in the window: from this network if the user is known there, otherwise from all
   * networks where the user is not known.
   */
  failures: number;
  /** Names whose last attempt from this network, in the window, failed; counted up to the limit. */
  failedNames: number;
  /** Failures of this name from this network are stored, including ones outside the window. */
  hasFailures: boolean;
  /** Larger than the number of every earlier attempt of any user. */
  loginSeq: number;
}

/** Most attempts looked up by one statement. */
const maxTogether = 100;

interface Asked {
  name: string;
  network: string;
}

interface CandidateRow extends UserRow {
  password_hash: string | null;
  legacy_salt: string | null;
  proof: Buffer | null;
  is_bot: boolean;
  token_hash: Buffer | null;
  is_known: boolean;
  is_fresh: boolean;
  failures: number;
  failed_names: number;
  has_failures: boolean;
  login_seq: number;
}

/**
 * PostgreSQL keeps one plan for it: the arrays are in subqueries, so that their lengths are not known to the planner. It would
 * otherwise plan anew for each short array, which takes five times as long as the look-up.
 */
const findCandidate: Statement = {
  name: 'login_candidate',
  text: `
    SELECT ${userColumns
      .split(', ')
      .map((column) => `u.${column}`)
      .join(', ')}, u.password_hash, u.legacy_salt, proven.mac AS proof,
      bot.user_id IS NOT NULL AS is_bot, bot.token_hash,
      known.user_id IS NOT NULL AS is_known,
      coalesce(known.last_at > now() - interval '1 day', false) AS is_fresh,
      of_name.failures, of_name.has_failures, of_place.failed_names,
      nextval('login_seq')::float8 AS login_seq
    FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) WITH ORDINALITY AS asked(name, place, i)
    LEFT JOIN im_user u ON u.name = asked.name COLLATE "C"
    LEFT JOIN bot ON bot.user_id = u.id
    LEFT JOIN login_proof proven ON proven.user_id = u.id
    LEFT JOIN login_place known ON known.user_id = u.id AND known.place = asked.place COLLATE "C"
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE at > now() - make_interval(secs => $3))::int4 AS failures,
        coalesce(bool_or(f.place = asked.place), false) AS has_failures
      FROM login_failure f CROSS JOIN unnest(f.failed_at) AS at
      WHERE f.name = asked.name COLLATE "C" AND CASE
        WHEN known.user_id IS NOT NULL THEN f.place = asked.place
        ELSE NOT EXISTS (SELECT FROM login_place p WHERE p.user_id = u.id AND p.place = f.place) END
    ) AS of_name
    CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS failed_names FROM (
        SELECT FROM login_failure f
        WHERE f.place = asked.place COLLATE "C" AND asked.place <> ''
          AND f.last_at > now() - make_interval(secs => $3)
        LIMIT $4) AS counted
    ) AS of_place
    ORDER BY asked.i`,
};

const recordFailure: Statement = {
  name: 'login_record_failure',
  text: `
    INSERT INTO login_failure AS f (name, place, failed_at, last_at)
    VALUES ($1, $2, ARRAY[clock_timestamp()], clock_timestamp())
    ON CONFLICT (name, place) DO UPDATE SET
      failed_at = (f.failed_at || clock_timestamp())[greatest(cardinality(f.failed_at) + 2 - $3::int4, 1):],
      last_at = clock_timestamp()`,
};

const clearFailures: Statement = {
  name: 'login_clear_failures',
  text: 'DELETE FROM login_failure WHERE name = $1 AND place = $2',
};

const purgeFailures: Statement = {
  name: 'login_purge_failures',
  text: `
    DELETE FROM login_failure WHERE (name, place) IN (
      SELECT name, place FROM login_failure WHERE last_at < now() - make_interval(secs => $1)
      ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING name`,
};

const upgradeHash: Statement = {
  name: 'login_upgrade_hash',
  text: `
    WITH upgraded AS (
      UPDATE im_user SET password_hash = $3, legacy_salt = NULL
      WHERE id = $1 AND password_hash = $2
      RETURNING id)
    INSERT INTO login_proof (user_id, mac) SELECT id, $4 FROM upgraded
    ON CONFLICT (user_id) DO UPDATE SET mac = excluded.mac`,
};

/** Login attempts: the user, their recent failures, and the sequence number of each login. */
export class Logins {
  readonly #database: Database;
  readonly #limit: LoginLimit;
  /** Batches the look-ups of one event-loop turn: dozens when all clients reconnect at once. */
  readonly #candidates: DataLoader<Asked, LoginCandidate>;

  constructor(database: Database, limit: LoginLimit) {
    this.#database = database;
    this.#limit = limit;
    this.#candidates = new DataLoader((asked) => this.#findAll(asked), {
      cache: false,
      maxBatchSize: maxTogether,
      batchScheduleFn: (find) => setImmediate(find),
    });
  }

  /**
   * @param name 1 to 64 characters, none of them NUL
   * @param network from sourceNetwork; empty: unknown, never a known network of a user
   */
  find(name: string, network: string): Promise<LoginCandidate> {
    return this.#candidates.load({ name, network });
  }

  /** Unknown names are counted too, otherwise the limit would reveal which names exist. */
  async recordFailure(name: string, network: string): Promise<void> {
    await this.#database.query(recordFailure, [name, network, this.#limit.maxFailures]);
  }

  /** Clears the failures from one network only; those from others may be an attacker's. */
  async clearFailures(name: string, network: string): Promise<void> {
    await this.#database.query(clearFailures, [name, network]);
  }

  /** Removes failures outside the window. @returns the number of removed (name, network) rows */
  purgeFailures(): Promise<number> {
    return purgeInBatches(this.#database, purgeFailures, [this.#limit.windowSeconds]);
  }

  /**
   * Replaces an outdated hash and its proof, unless the password has changed meanwhile.
   * @param proof from ProofKey.mac, for the new hash
   */
  async upgradeHash(userId: number, outdated: string, hash: string, proof: Buffer): Promise<void> {
    await this.#database.query(upgradeHash, [userId, outdated, hash, proof]);
  }

  async #findAll(asked: readonly Asked[]): Promise<LoginCandidate[]> {
    const { maxNamesPerNetwork, windowSeconds } = this.#limit;
    const names = asked.map(({ name }) => name);
    const networks = asked.map(({ network }) => network);
    const values = [names, networks, windowSeconds, maxNamesPerNetwork];
    return (await this.#database.query<CandidateRow>(findCandidate, values)).map(toCandidate);
  }
}

function toCandidate(row: CandidateRow): LoginCandidate {
  const exists = row.password_hash !== null;
  return {
    user: exists ? row : undefined,
    password: exists ? { hash: row.password_hash as string, legacySalt: row.legacy_salt } : undefined,
    bot: row.is_bot ? { tokenHash: row.token_hash } : undefined,
    proof: row.proof ?? undefined,
    isKnownNetwork: row.is_known,
    isNetworkFresh: row.is_fresh,
    failures: row.failures,
    failedNames: row.failed_names,
    hasFailures: row.has_failures,
    loginSeq: row.login_seq,
  };
}
