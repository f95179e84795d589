import type { Actor } from '../actor.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Database, Query } from '../database/database.js';
import { accountResource } from './accounts.js';
import type { ConsoleAttempts, Refusal } from './attempts.js';
import { type NewFactor, removeSecondFactor, type SecondFactors } from './second-factors.js';
import { type ConsoleSession, endSessions } from './sessions.js';

/** Recovery codes; each works once. */
export interface RecoveryCodes {
  codes: string[];
}

/** What account holders do with their own second factor. */
export class OwnSecondFactor {
  readonly #attempts: ConsoleAttempts;
  readonly #secondFactors: SecondFactors;
  readonly #database: Database;

  constructor(attempts: ConsoleAttempts, secondFactors: SecondFactors, database: Database) {
    this.#attempts = attempts;
    this.#secondFactors = secondFactors;
    this.#database = database;
  }

  /** Creates a secret for an authenticator app, used once it is confirmed. @returns `conflict` when the account already has one */
  async begin(
    session: ConsoleSession,
    password: string,
    actor: Actor,
  ): Promise<NewFactor | Refusal | 'conflict'> {
    const { account_id: accountId, name } = session;
    if (session.second_factor) return 'conflict';
    const attempt = async () => {
      if (!(await this.#attempts.withPassword(name, password))) return 'wrong';
      return this.#database.transaction('console_second_factor_begin', async (query) => {
        const record = await openAudit(query, actor);
        const begun = await this.#secondFactors.begin(query, accountId, name);
        if (!begun) return 'wrong';
        const resource = accountResource(accountId);
        await record({ verb: 'account.second-factor-begin', resource, after: { secondFactor: 'begun' } });
        return begun;
      });
    };
    return this.#attempts.run<NewFactor>(name, actor.source, attempt, false);
  }

  /** Ends the account's other sessions, which were opened without a code. */
  confirm(session: ConsoleSession, code: string, actor: Actor): Promise<RecoveryCodes | Refusal> {
    return this.#attempt(session, actor, async (query, record) => {
      const { account_id: accountId, id } = session;
      const codes = await this.#secondFactors.confirm(query, accountId, code);
      if (!codes) return 'wrong-code';
      await endSessions(query, accountId, id);
      const resource = accountResource(accountId);
      await record({ verb: 'account.second-factor', resource, after: { secondFactor: 'set' } });
      return { codes };
    });
  }

  /** Replaces the recovery codes. */
  renewRecoveryCodes(session: ConsoleSession, code: string, actor: Actor): Promise<RecoveryCodes | Refusal> {
    return this.#withCode(session, code, actor, async (query, record) => {
      const { account_id: accountId } = session;
      const codes = await this.#secondFactors.renewRecoveryCodes(query, accountId);
      const resource = accountResource(accountId);
      await record({ verb: 'account.recovery-codes', resource, after: { recoveryCodes: 'set' } });
      return { codes };
    });
  }

  remove(session: ConsoleSession, code: string, actor: Actor): Promise<RecoveryCodes | Refusal> {
    return this.#withCode(session, code, actor, async (query, record) => {
      const { account_id: accountId } = session;
      await removeSecondFactor(query, accountId);
      const resource = accountResource(accountId);
      await record({ verb: 'account.second-factor-remove', resource, before: { secondFactor: 'set' } });
      return { codes: [] };
    });
  }

  /** Requires a valid code before `work` runs. */
  #withCode(
    session: ConsoleSession,
    code: string,
    actor: Actor,
    work: (query: Query, record: RecordEvent) => Promise<RecoveryCodes>,
  ): Promise<RecoveryCodes | Refusal> {
    return this.#attempt(session, actor, async (query, record) => {
      const used = await this.#secondFactors.use(query, session.account_id, code);
      if (used === 'code' || used === 'recovery-code') return work(query, record);
      return 'wrong-code';
    });
  }

  #attempt(
    { name }: ConsoleSession,
    actor: Actor,
    work: (query: Query, record: RecordEvent) => Promise<RecoveryCodes | Refusal>,
  ): Promise<RecoveryCodes | Refusal> {
    return this.#attempts.run(name, actor.source, () =>
      this.#database.transaction('console_second_factor', async (query) =>
        work(query, await openAudit(query, actor)),
      ),
    );
  }
}
