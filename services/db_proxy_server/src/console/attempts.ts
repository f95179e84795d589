import { type Kit, sourceNetwork } from '@teamtalk/service-kit';
import type { LoginLimit, Logins } from '../accounts/logins.js';
import { KeyedQueue } from '../accounts/passwords/keyed-queue.js';
import type { PasswordChecker } from '../accounts/passwords/password-checker.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableText } from '../database/text.js';
import { isKnownNetwork } from './known-networks.js';

/** The parts of a user's login that the console shares. */
export interface LoginParts {
  readonly kit: Kit;
  readonly logins: Logins;
  readonly loginLimit: LoginLimit;
  readonly passwords: PasswordChecker;
}

export interface PasswordRow {
  id: number;
  name: string;
  password_hash: string;
}

/** Why an attempt failed; only the first two count as failures. */
export type Refusal = 'wrong' | 'wrong-code' | 'code-needed' | 'limited';

/** How an attempt is counted. */
interface Counter {
  counted: string;
  network: string;
  /** other names that may have failed from its network; 0: any number */
  maxNames: number;
  forgives: boolean;
}

const withPassword: Statement = {
  name: 'console_password',
  text: `
    SELECT id, name, password_hash FROM console_account
    WHERE name = $1 AND password_hash IS NOT NULL AND disabled_at IS NULL`,
};

const lockedNames: Statement = {
  name: 'console_locked_names',
  text: `
    SELECT f.name FROM login_failure f CROSS JOIN unnest(f.failed_at) AS at
    WHERE (f.name >= $1 COLLATE "C" AND f.name < $2 COLLATE "C" OR f.name >= $3 COLLATE "C" AND f.name < $4 COLLATE "C")
      AND at > now() - make_interval(secs => $5)
    GROUP BY f.name HAVING count(*) >= $6`,
};

// Counters of an account: $1 by name; those of known networks lie from $2 to $3 and end in the account's name, $4.
const ofAccount = `name = ANY ($1)
  OR (name >= $2 COLLATE "C" AND name < $3 COLLATE "C" AND substr(name, 66 + strpos(substr(name, 66), ' ')) = $4)`;

const countFailures: Statement = {
  name: 'console_count_failures',
  text: `SELECT count(*)::int4 AS count FROM login_failure WHERE ${ofAccount}`,
};

const forget: Statement = {
  name: 'console_forget_failures',
  text: `DELETE FROM login_failure WHERE ${ofAccount}`,
};

/** Longest password, characters. */
const mostPassword = 256;

/**
 * Attempts to log in at the console by password or code. Failures are counted as for users, with the same limits: each network
 * from which an account has logged in has a counter of its own, so that attackers elsewhere cannot lock the account out there.
 */
export class ConsoleAttempts {
  readonly #parts: LoginParts;
  readonly #database: Database;
  // Attempts that share a counter run one at a time, so that concurrent ones cannot exceed the limit.
  readonly #byName = new KeyedQueue({
    what: 'logging in at the console',
    concurrency: 1,
    maxWaiting: 19,
    maxWaitMs: 3_000,
  });
  readonly #byNetwork = new KeyedQueue({
    what: 'logging in at the console from one address',
    concurrency: 1,
    maxWaiting: 99,
    maxWaitMs: 3_000,
  });

  constructor(parts: LoginParts, database: Database) {
    this.#parts = parts;
    this.#database = database;
  }

  /**
   * Runs an attempt unless there were too many failures, and counts it if it fails.
   * @param forgives whether a success clears earlier failures; false for attempts that prove less than a login
   */
  async run<T extends object>(
    name: string,
    address: string,
    attempt: () => Promise<T | Refusal>,
    forgives = true,
  ): Promise<T | Refusal> {
    const network = sourceNetwork(address);
    // A queue of its own, so that strangers cannot fill it.
    if (await isKnownNetwork(this.#database, name, network)) {
      return this.#run({ counted: countedFrom(network, name), network, maxNames: 0, forgives }, attempt);
    }
    const { maxNamesPerNetwork: maxNames } = this.#parts.loginLimit;
    const queued = () => this.#run({ counted: countedAs(name), network, maxNames, forgives }, attempt);
    return network === '' ? queued() : this.#byNetwork.run(network, queued);
  }

  /** As `run`, for holders of a setup token, with a counter of its own: the token must also help accounts that are locked. */
  runWithToken<T extends object>(
    name: string,
    address: string,
    attempt: () => Promise<T | Refusal>,
  ): Promise<T | Refusal> {
    const counter = { counted: countedByToken(name), network: sourceNetwork(address) };
    return this.#run({ ...counter, maxNames: 0, forgives: true }, attempt);
  }

  /** Takes the same time for an unknown name as for a wrong password. @returns undefined when either is wrong */
  async withPassword(name: string, password: string): Promise<PasswordRow | undefined> {
    if (!isPossibleName(name)) return undefined;
    const [row] = await this.#database.query<PasswordRow>(withPassword, [name]);
    const stored = row && { hash: row.password_hash, legacySalt: null };
    const isGood = password.length <= mostPassword && (await this.#parts.passwords.check(stored, password));
    return isGood ? row : undefined;
  }

  /** Names of accounts that are currently refused. */
  async locked(): Promise<Set<string>> {
    const { maxFailures, windowSeconds } = this.#parts.loginLimit;
    const rows = await this.#database.query<{ name: string }>(lockedNames, [
      ...rangeOf(countedAs('')),
      ...rangeOf(countedFrom('', '')),
      windowSeconds,
      maxFailures,
    ]);
    const known = countedFrom('', '').trimEnd();
    return new Set(
      rows.map(({ name: counted }) => {
        const rest = counted.slice(65);
        return counted.startsWith(known) ? rest.slice(rest.indexOf(' ') + 1) : rest;
      }),
    );
  }

  async #run<T extends object>(
    { counted, network, maxNames, forgives }: Counter,
    attempt: () => Promise<T | Refusal>,
  ): Promise<T | Refusal> {
    const { logins, loginLimit } = this.#parts;
    return this.#byName.run(counted, async () => {
      const { failures, failedNames, hasFailures } = await logins.find(counted, network);
      if (failures >= loginLimit.maxFailures) return 'limited';
      if (maxNames > 0 && failedNames >= maxNames) return 'limited';
      const outcome = await attempt();
      if (outcome === 'wrong' || outcome === 'wrong-code') await logins.recordFailure(counted, network);
      if (forgives && typeof outcome === 'object' && hasFailures)
        await logins.clearFailures(counted, network);
      return outcome;
    });
  }
}

/** Failures of impossible names are not counted, so that they take no space in the database. */
export function isPossibleName(name: string): boolean {
  return name !== '' && isStorableText(name, 64);
}

/** Forgets the failures of an account. @returns the number of networks that had any */
export async function forgetFailures(query: Query, name: string): Promise<number> {
  const counts = [[countedAs(name), countedByToken(name)], ...rangeOf(countedFrom('', '')), name];
  const [counted] = await query<{ count: number }>(countFailures, counts);
  await query(forget, counts);
  return counted?.count ?? 0;
}

/** The key under which failures are counted. It is longer than any user's login name. */
function countedAs(name: string): string {
  return `${'console'.padEnd(64)} ${name}`;
}

/** As `countedAs`, for attempts from a network that the account has logged in from before. */
function countedFrom(network: string, name: string): string {
  return `${'console from a known network'.padEnd(64)} ${network} ${name}`;
}

/** The range of keys that begin with a name, up to its padding: from the first up to but not including the second. */
function rangeOf(name: string): [from: string, to: string] {
  const prefix = name.trimEnd().padEnd(64);
  return [`${prefix} `, `${prefix}!`];
}

function countedByToken(name: string): string {
  return `${'console by token'.padEnd(64)} ${name}`;
}
