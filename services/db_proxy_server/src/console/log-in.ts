import { consoleApi } from '@teamtalk/rpc';
import { sourceNetwork, TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { accountResource } from './accounts.js';
import {
  type ConsoleAttempts,
  forgetFailures,
  isPossibleName,
  type LoginParts,
  type Refusal,
} from './attempts.js';
import { rememberNetwork } from './known-networks.js';
import type { CodeOutcome, SecondFactors } from './second-factors.js';
import { hashOfToken } from './secret.js';
import { type ConsoleSession, endSession, endSessions, type NewSession, openSession } from './sessions.js';

const { LOG_IN_CODE_NEEDED, LOG_IN_DONE, LOG_IN_REFUSED, LOG_IN_TOO_MANY_ATTEMPTS, LOG_IN_WRONG_CODE } =
  consoleApi.console.LogInResult;
const { ACCOUNT_DONE, ACCOUNT_TOO_MANY_ATTEMPTS, ACCOUNT_WRONG_PASSWORD } = consoleApi.console.AccountResult;

type Opened = consoleApi.console.OpenedSession.$Properties;

const lockUnchanged: Statement = {
  name: 'console_account_lock_password',
  text: `
    SELECT id FROM console_account WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR NO KEY UPDATE`,
};

const touch: Statement = {
  name: 'console_account_logged_in',
  text: 'UPDATE console_account SET last_login_at = now() WHERE id = $1',
};

const lockByToken: Statement = {
  name: 'console_account_lock_token',
  text: `
    SELECT id FROM console_account
    WHERE setup_hash = $1 AND setup_expires_at > now() AND disabled_at IS NULL FOR NO KEY UPDATE`,
};

const takeToken: Statement = {
  name: 'console_take_setup_token',
  text: `
    UPDATE console_account SET setup_hash = NULL, setup_expires_at = NULL, password_hash = $2, last_login_at = now()
    WHERE id = $1`,
};

const knowsToken: Statement = {
  name: 'console_knows_setup_token',
  text: 'SELECT name FROM console_account WHERE setup_hash = $1 AND setup_expires_at > now()',
};

const changePassword: Statement = {
  name: 'console_change_password_2',
  text: `
    UPDATE console_account SET password_hash = $3, setup_hash = NULL, setup_expires_at = NULL
    WHERE id = $1 AND password_hash = $2 RETURNING id`,
};

/** Shortest password, characters. */
const leastPassword = 12;
const mostPassword = 256;

/** A console account as actor in the audit. */
export function consoleActor(name: string, address: string): Actor {
  return { name: `console ${name}`, asUser: 0, source: address };
}

/** Logs console accounts in, and sets their passwords. */
export class ConsoleLogins {
  readonly #parts: LoginParts;
  readonly #attempts: ConsoleAttempts;
  readonly #secondFactors: SecondFactors;
  readonly #database: Database;
  readonly #results;

  constructor(
    parts: LoginParts,
    attempts: ConsoleAttempts,
    secondFactors: SecondFactors,
    database: Database,
  ) {
    this.#parts = parts;
    this.#attempts = attempts;
    this.#secondFactors = secondFactors;
    this.#database = database;
    this.#results = parts.kit.metrics.counter('console_logins_total', 'Logins at the console, by result', [
      'result',
    ]);
  }

  /** @param code of the second factor; empty: none was entered */
  async logIn(name: string, password: string, code: string, session: NewSession): Promise<Opened> {
    if (!isPossibleName(name)) return this.counted(LOG_IN_REFUSED, session.address);
    const outcome = await this.#attempts.run(name, session.address, async () => {
      const row = await this.#attempts.withPassword(name, password);
      if (!row) return 'wrong';
      return this.#database.transaction('console_log_in', async (query) => {
        const record = await openAudit(query, consoleActor(name, session.address));
        // The password may have been changed, or the account disabled, while the hash was computed.
        if ((await query(lockUnchanged, [row.id, row.password_hash])).length === 0) return 'wrong';
        const used = await this.#secondFactors.use(query, row.id, code);
        if (used === 'code-needed' || used === 'wrong-code') return used;
        await query(touch, [row.id]);
        await rememberNetwork(query, row.id, sourceNetwork(session.address));
        await openSession(query, row.id, session);
        const after = { name, ...by(used) };
        await record({ verb: 'account.log-in', resource: accountResource(row.id), after });
        return { opened: true };
      });
    });
    return this.counted(resultOf(outcome), session.address);
  }

  /** Sets the password of the account that the token belongs to, and ends the account's other sessions. */
  async setUp(token: string, password: string, code: string, session: NewSession): Promise<Opened> {
    requirePassword(password);
    const hash = hashOfToken(token);
    // Checked first, so that strangers cannot cause the hashing of passwords.
    const [known] = await this.#database.query<{ name: string }>(knowsToken, [hash]);
    if (!known) return this.counted(LOG_IN_REFUSED, session.address);
    const { name } = known;
    const outcome = await this.#attempts.runWithToken(name, session.address, async () => {
      const passwordHash = await this.#parts.passwords.hash(password);
      return this.#database.transaction('console_set_up', async (query) => {
        const record = await openAudit(query, consoleActor(name, session.address));
        const [account] = await query<{ id: number }>(lockByToken, [hash]);
        if (!account) return 'wrong';
        const used = await this.#secondFactors.use(query, account.id, code);
        if (used === 'code-needed' || used === 'wrong-code') return used;
        await query(takeToken, [account.id, passwordHash]);
        await forgetFailures(query, name);
        await endSessions(query, account.id);
        await rememberNetwork(query, account.id, sourceNetwork(session.address));
        await openSession(query, account.id, session);
        const after = { name, password: 'set', ...by(used) };
        await record({ verb: 'account.set-up', resource: accountResource(account.id), after });
        return { opened: true };
      });
    });
    return this.counted(resultOf(outcome), session.address);
  }

  logOut(session: ConsoleSession, address: string): Promise<void> {
    return this.#database.transaction('console_log_out', async (query) => {
      const { id, account_id: accountId, name } = session;
      const record = await openAudit(query, consoleActor(name, address));
      if (!(await endSession(query, accountId, id))) return;
      await record({ verb: 'account.log-out', resource: accountResource(accountId), before: { name } });
    });
  }

  /** Changes the password of an account, ends its other sessions and invalidates its unused setup link. */
  async changePassword(
    session: ConsoleSession,
    current: string,
    password: string,
    address: string,
  ): Promise<consoleApi.console.AccountResult> {
    requirePassword(password);
    const { name } = session;
    const checked = await this.#attempts.run(
      name,
      address,
      async () => (await this.#attempts.withPassword(name, current)) ?? 'wrong',
      false,
    );
    if (checked === 'limited') return ACCOUNT_TOO_MANY_ATTEMPTS;
    if (typeof checked === 'string') return ACCOUNT_WRONG_PASSWORD;
    const hash = await this.#parts.passwords.hash(password);
    return this.#database.transaction('console_change_password', async (query) => {
      const record = await openAudit(query, consoleActor(name, address));
      const changed = await query(changePassword, [checked.id, checked.password_hash, hash]);
      if (changed.length === 0) return ACCOUNT_WRONG_PASSWORD;
      await endSessions(query, checked.id, session.id);
      await record({
        verb: 'account.password',
        resource: accountResource(checked.id),
        after: { password: 'set' },
      });
      return ACCOUNT_DONE;
    });
  }

  /** Counts and logs the result of an attempt. */
  counted(result: consoleApi.console.LogInResult, address: string): Opened {
    const named = consoleApi.console.LogInResult[result];
    this.#results.inc({ result: named });
    if (result !== LOG_IN_DONE)
      this.#parts.kit.clientLog.info(address, { address, result: named }, 'console login refused');
    return { result };
  }
}

const refusals: Readonly<Record<Refusal, consoleApi.console.LogInResult>> = {
  wrong: LOG_IN_REFUSED,
  'wrong-code': LOG_IN_WRONG_CODE,
  'code-needed': LOG_IN_CODE_NEEDED,
  limited: LOG_IN_TOO_MANY_ATTEMPTS,
};

function resultOf(outcome: object | Refusal): consoleApi.console.LogInResult {
  return typeof outcome === 'string' ? refusals[outcome] : LOG_IN_DONE;
}

/** For the audit, which shows when a recovery code was used. */
function by(used: CodeOutcome): { by?: CodeOutcome } {
  return used === 'none' ? {} : { by: used };
}

function requirePassword(password: string): void {
  if (password.length >= leastPassword && password.length <= mostPassword) return;
  throw new TeamTalkError(
    'invalid-argument',
    `a password has ${leastPassword} to ${mostPassword} characters`,
  );
}
