import type { ConsoleRole } from '@teamtalk/rpc';
import type { Database, Query, Statement } from '../database/database.js';
import { purgeInBatches } from '../database/purge-in-batches.js';

/** An open session and its account. */
export interface ConsoleSession {
  id: number;
  account_id: number;
  name: string;
  role: ConsoleRole;
  /** for a department administrator, null otherwise */
  department_id: number | null;
  /** unix seconds */
  expires_at: number;
  /** the account logs in with one-time codes */
  second_factor: boolean;
  /** opened through a provider instead of with a password */
  signed_on: boolean;
}

export interface SessionRow {
  id: number;
  address: string;
  user_agent: string;
  /** unix seconds */
  created_at: number;
  /** unix seconds */
  seen_at: number;
}

/** A session to be opened. */
export interface NewSession {
  /** SHA-256 of its token */
  hash: Buffer;
  address: string;
  userAgent: string;
  /** opened through a provider; left out: with a password */
  signedOn?: boolean;
}

const maxUserAgent = 400;
/** Most open sessions of an account; a login beyond ends the oldest. */
const maxSessions = 20;

/** SQL condition: session `s` has ended neither by age nor by inactivity. */
export const isOpen = `s.created_at > now() - interval '8 hours' AND s.seen_at > now() - interval '30 minutes'`;

/** SQL condition: account `a` logs in with one-time codes. */
export const usesCodes = `EXISTS (
  SELECT FROM console_second_factor f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)`;

const found = `
  SELECT s.id::float8 AS id, a.id AS account_id, a.name, a.role, a.department_id,
    extract(epoch FROM s.created_at + interval '8 hours')::float8 AS expires_at, ${usesCodes} AS second_factor, s.signed_on
  FROM console_session s JOIN console_account a ON a.id = s.account_id
  WHERE s.token_hash = $1 AND a.disabled_at IS NULL AND ${isOpen}`;

const find: Statement = {
  name: 'console_session_find',
  text: `
    WITH found AS (${found}), touched AS (
      UPDATE console_session s SET seen_at = now() FROM found
      WHERE s.id = found.id AND s.seen_at < now() - interval '1 minute')
    SELECT * FROM found`,
};

const open: Statement = {
  name: 'console_session_open',
  text: `
    WITH crowded_out AS (
      DELETE FROM console_session WHERE id IN (
        SELECT id FROM console_session WHERE account_id = $2 ORDER BY id DESC OFFSET ${maxSessions - 1}))
    INSERT INTO console_session (token_hash, account_id, address, user_agent, signed_on)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING id`,
};

const ofAccount: Statement = {
  name: 'console_sessions_of_account',
  text: `
    SELECT s.id::float8 AS id, s.address, s.user_agent, extract(epoch FROM s.created_at)::float8 AS created_at,
      extract(epoch FROM s.seen_at)::float8 AS seen_at
    FROM console_session s WHERE s.account_id = $1 AND ${isOpen} ORDER BY s.id DESC`,
};

const end: Statement = {
  name: 'console_session_end',
  text: 'DELETE FROM console_session WHERE account_id = $1 AND id = $2 RETURNING id',
};

const endAll: Statement = {
  name: 'console_sessions_end',
  text: 'DELETE FROM console_session WHERE account_id = $1 AND id <> $2 RETURNING id',
};

const endSignedOn: Statement = {
  name: 'console_sessions_end_signed_on',
  text: 'DELETE FROM console_session WHERE account_id = $1 AND signed_on',
};

const purge: Statement = {
  name: 'console_session_purge',
  text: `
    DELETE FROM console_session WHERE id IN (
      SELECT s.id FROM console_session s WHERE NOT (${isOpen}) LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id`,
};

/** Sessions of the console. */
export class ConsoleSessions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param hash SHA-256 of its token */
  async find(hash: Uint8Array): Promise<ConsoleSession | undefined> {
    return (await this.#database.query<ConsoleSession>(find, [Buffer.from(hash)]))[0];
  }

  /** Newest first. */
  ofAccount(accountId: number): Promise<SessionRow[]> {
    return this.#database.query<SessionRow>(ofAccount, [accountId]);
  }

  /** Removes sessions that have ended. @returns the number removed */
  purge(): Promise<number> {
    return purgeInBatches(this.#database, purge, []);
  }
}

export async function openSession(
  query: Query,
  accountId: number,
  { hash, address, userAgent, signedOn = false }: NewSession,
): Promise<void> {
  const shown = userAgent.replaceAll('\0', '').slice(0, maxUserAgent);
  await query(open, [hash, accountId, address, shown, signedOn]);
}

/** @returns false when the account has no such session */
export async function endSession(query: Query, accountId: number, id: number): Promise<boolean> {
  return (await query(end, [accountId, id])).length > 0;
}

/** Ends the sessions of an account. @param except id of a session to keep; 0: none. @returns the number ended */
export async function endSessions(query: Query, accountId: number, except = 0): Promise<number> {
  return (await query(endAll, [accountId, except])).length;
}

/** Ends the sessions of an account that were opened through a provider. */
export async function endSignedOnSessions(query: Query, accountId: number): Promise<void> {
  await query(endSignedOn, [accountId]);
}
