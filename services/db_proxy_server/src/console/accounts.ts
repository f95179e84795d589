import { type ConsoleRole, departmentRole, isConsoleRole } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import { changesOf, openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { forgetFailures } from './attempts.js';
import { removeSecondFactor } from './second-factors.js';
import { newToken } from './secret.js';
import { endSession, endSessions, endSignedOnSessions, isOpen, usesCodes } from './sessions.js';

export interface AccountRow {
  id: number;
  name: string;
  role: ConsoleRole;
  /** for a department administrator, null otherwise */
  departmentId: number | null;
  disabled: boolean;
  set_up: boolean;
  /** logs in with one-time codes in addition to the password */
  second_factor: boolean;
  /** address of the person who may sign on to it through a provider; empty: nobody */
  email: string;
  /** is linked to an identity of the provider */
  signs_on: boolean;
  /** open sessions */
  sessions: number;
  /** unix seconds */
  created_at: number;
  /** unix seconds; null: never */
  last_login_at: number | null;
}

export interface NewAccount {
  name: string;
  role: string;
  /** for a department administrator, null otherwise */
  departmentId: number | null;
  /** address of the person who may sign on to it through a provider; left out: nobody */
  email?: string;
}

/** null leaves a field unchanged */
export interface AccountFields {
  role: string | null;
  departmentId: number | null;
  disabled: boolean | null;
  /** empty: nobody may sign on; a different address unlinks the current identity until its owner signs on */
  email: string | null;
}

export type AccountOutcome = 'done' | 'not-found' | 'conflict';

/** A one-time token for choosing a password. */
export interface SetupToken {
  accountId: number;
  token: string;
  /** unix seconds */
  expiresAt: number;
}

const columns = `a.id, a.name, a.role, a.department_id AS "departmentId", a.disabled_at IS NOT NULL AS disabled, a.password_hash IS NOT NULL AS set_up,
  ${usesCodes} AS second_factor, coalesce(a.email, '') AS email,
  EXISTS (SELECT FROM console_identity i WHERE i.account_id = a.id) AS signs_on`;

const list: Statement = {
  name: 'console_accounts',
  text: `
    SELECT ${columns},
      (SELECT count(*)::int4 FROM console_session s WHERE s.account_id = a.id AND ${isOpen}) AS sessions,
      extract(epoch FROM a.created_at)::float8 AS created_at,
      extract(epoch FROM a.last_login_at)::float8 AS last_login_at
    FROM console_account a ORDER BY a.name`,
};

const create: Statement = {
  name: 'console_account_create',
  text: `
    INSERT INTO console_account (name, role, department_id, email) VALUES ($1, $2, $3, nullif($4, ''))
    ON CONFLICT (name) DO NOTHING RETURNING id`,
};

const setToken: Statement = {
  name: 'console_account_invite',
  text: `
    UPDATE console_account SET setup_hash = $2, setup_expires_at = now() + interval '1 day' WHERE id = $1
    RETURNING extract(epoch FROM setup_expires_at)::float8 AS expires_at`,
};

/** One account, locked. */
export const lockAccount: Statement = {
  name: 'console_account_lock',
  text: `SELECT ${columns} FROM console_account a WHERE a.id = $1 FOR NO KEY UPDATE`,
};

export const changeAccount: Statement = {
  name: 'console_account_change',
  text: `
    UPDATE console_account SET role = $2, department_id = $4, email = nullif(coalesce($5, email), ''),
      disabled_at = CASE WHEN $3::bool THEN coalesce(disabled_at, now()) WHEN NOT $3::bool THEN NULL ELSE disabled_at END,
      setup_hash = CASE WHEN $3::bool THEN NULL ELSE setup_hash END
    WHERE id = $1`,
};

const department: Statement = {
  name: 'console_department',
  text: 'SELECT id FROM department WHERE id = $1 AND status = 0',
};

const emailTaken: Statement = {
  name: 'console_email_taken',
  text: 'SELECT id FROM console_account WHERE lower(email) = lower($1) AND id <> $2',
};

const unlink: Statement = {
  name: 'console_identity_unlink',
  text: 'DELETE FROM console_identity WHERE account_id = $1',
};

const lockForRemoval: Statement = {
  name: 'console_account_lock_for_removal',
  text: 'SELECT id FROM console_account WHERE id = $1 FOR UPDATE',
};

const remove: Statement = {
  name: 'console_account_delete',
  text: 'DELETE FROM console_account WHERE id = $1',
};

const otherOwners: Statement = {
  name: 'console_other_owners',
  text: `
    SELECT id FROM console_account
    WHERE role = 'owner' AND disabled_at IS NULL AND password_hash IS NOT NULL AND id <> $1 LIMIT 1`,
};

/** Accounts of the console. Changes are serialized by the audit. */
export class ConsoleAccounts {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** By name. */
  all(): Promise<AccountRow[]> {
    return this.#database.query<AccountRow>(list, []);
  }

  /** @throws TeamTalkError `invalid-argument` when the name or the role is invalid */
  create(account: NewAccount, actor: Actor): Promise<SetupToken | 'conflict'> {
    return this.#database.transaction('console_account_create', (query) =>
      createAccount(query, account, actor),
    );
  }

  /**
   * `conflict` when the change would remove the last owner who can log in.
   * @throws TeamTalkError `invalid-argument` for an unknown role or department, or one that does not fit the other
   */
  change(accountId: number, fields: AccountFields, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_account_change', accountId, actor, async (query, account, record) => {
      const { disabled, email } = fields;
      if (email) requireEmail(email);
      const role = fields.role ?? account.role;
      const kept = role === departmentRole ? account.departmentId : null;
      const departmentId = fields.departmentId ?? kept;
      await requireRole(query, role, departmentId);
      const isOwner = role === 'owner' && !disabled;
      if (!isOwner && (await isLastOwner(query, account))) return 'conflict';
      if (email && (await query(emailTaken, [email, accountId])).length > 0) return 'conflict';
      await query(changeAccount, [accountId, role, disabled, departmentId, email]);
      if (email !== null && email !== account.email) {
        await query(unlink, [accountId]);
        await endSignedOnSessions(query, accountId);
      }
      if (disabled) await endSessions(query, accountId);
      const changes = changesOf(account, fields);
      if (changes) await record('account.change', changes);
      return 'done';
    });
  }

  /** `conflict` when nobody else could log in as an owner. The audit keeps the account's name. */
  delete(accountId: number, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_account_delete', accountId, actor, async (query, account, record) => {
      if (await isLastOwner(query, account)) return 'conflict';
      // A login in progress would otherwise add a session between these statements.
      await query(lockForRemoval, [accountId]);
      await endSessions(query, accountId);
      await removeSecondFactor(query, accountId);
      await forgetFailures(query, account.name);
      await query(unlink, [accountId]);
      await query(remove, [accountId]);
      const { name, role, departmentId, email } = account;
      await record('account.delete', {
        before: setFields({ name, role, departmentId, email: email || null }),
      });
      return 'done';
    });
  }

  /** Invalidates earlier tokens; the password works until a new one is chosen. */
  async invite(accountId: number, actor: Actor): Promise<SetupToken | AccountOutcome> {
    let token: SetupToken | undefined;
    const outcome = await this.#audited(
      'console_account_invite',
      accountId,
      actor,
      async (query, account, record) => {
        if (account.disabled) return 'conflict';
        token = await giveToken(query, accountId);
        await record('account.invite', { after: { name: account.name } });
        return 'done';
      },
    );
    return token ?? outcome;
  }

  /** Forgets failed logins, so that a locked account can log in again. */
  unlock(accountId: number, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_account_unlock', accountId, actor, async (query, account, record) => {
      const networks = await forgetFailures(query, account.name);
      if (networks > 0) await record('account.unlock', { before: { failedFrom: networks } });
      return 'done';
    });
  }

  endSessions(accountId: number, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_sessions_end', accountId, actor, async (query, _account, record) => {
      const ended = await endSessions(query, accountId);
      await record('account.end-sessions', { before: { sessions: ended } });
      return 'done';
    });
  }

  endSession(accountId: number, sessionId: number, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_session_end', accountId, actor, async (query, _account, record) => {
      if (!(await endSession(query, accountId, sessionId))) return 'not-found';
      await record('account.end-session', { before: { session: sessionId } });
      return 'done';
    });
  }

  /** For a lost phone: the account logs in without codes from now on, and its sessions end. */
  resetSecondFactor(accountId: number, actor: Actor): Promise<AccountOutcome> {
    return this.#audited('console_second_factor_reset', accountId, actor, async (query, account, record) => {
      if (!account.second_factor) return 'conflict';
      await removeSecondFactor(query, accountId);
      await endSessions(query, accountId);
      await record('account.second-factor-reset', { before: { secondFactor: 'set' } });
      return 'done';
    });
  }

  /** Locks the account and runs `work`, which records the event of its change. */
  async #audited(
    name: string,
    accountId: number,
    actor: Actor,
    work: (
      query: Query,
      account: AccountRow,
      record: (verb: string, event: { before?: object; after?: object }) => Promise<void>,
    ) => Promise<AccountOutcome>,
  ): Promise<AccountOutcome> {
    if (!isStorableId(accountId)) return 'not-found';
    return this.#database.transaction(name, async (query) => {
      const record = await openAudit(query, actor);
      const [account] = await query<AccountRow>(lockAccount, [accountId]);
      if (!account) return 'not-found';
      return work(query, account, (verb, event) =>
        record({ verb, resource: accountResource(accountId), ...event }),
      );
    });
  }
}

/** The account's name in the audit. */
export function accountResource(accountId: number): string {
  return `account ${accountId}`;
}

/** @throws TeamTalkError `invalid-argument` when the name or the role is invalid */
export async function createAccount(
  query: Query,
  account: NewAccount,
  actor: Actor,
): Promise<SetupToken | 'conflict'> {
  const { name, role, departmentId, email = '' } = account;
  requireText('a name', name, 1, 64);
  if (email !== '') requireEmail(email);
  const record = await openAudit(query, actor);
  await requireRole(query, role, departmentId);
  if (email !== '' && (await query(emailTaken, [email, 0])).length > 0) return 'conflict';
  const [row] = await query<{ id: number }>(create, [name, role, departmentId, email]);
  if (!row) return 'conflict';
  await record({ verb: 'account.create', resource: accountResource(row.id), after: setFields(account) });
  return giveToken(query, row.id);
}

export async function giveToken(query: Query, accountId: number): Promise<SetupToken> {
  const { token, hash } = newToken();
  const [row] = await query<{ expires_at: number }>(setToken, [accountId, hash]);
  return { accountId, token, expiresAt: row?.expires_at ?? 0 };
}

/** Whether no other owner has a password, with which they could log in while the provider is unavailable. */
export async function isLastOwner(query: Query, account: AccountRow): Promise<boolean> {
  if (account.role !== 'owner' || account.disabled || !account.set_up) return false;
  return (await query(otherOwners, [account.id])).length === 0;
}

function requireEmail(email: string): void {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw invalid('an e-mail address must contain an @');
  requireText('an e-mail address', email, 3, 254);
}

/** Requires a department for the role of a department administrator, and none for other roles. */
async function requireRole(query: Query, role: string, departmentId: number | null): Promise<void> {
  if (!isConsoleRole(role)) throw invalid(`there is no role ${role}`);
  if (role !== departmentRole) {
    if (departmentId !== null) throw invalid(`the role ${role} has no department`);
    return;
  }
  if (departmentId === null) throw invalid(`the role ${role} needs a department`);
  const found = isStorableId(departmentId) && (await query(department, [departmentId])).length > 0;
  if (!found) throw invalid(`there is no department ${departmentId}`);
}

function invalid(problem: string): TeamTalkError {
  return new TeamTalkError('invalid-argument', problem);
}
