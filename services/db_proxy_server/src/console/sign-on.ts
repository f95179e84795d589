import { consoleApi, departmentRole, isConsoleRole } from '@teamtalk/rpc';
import { openAudit } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableText } from '../database/text.js';
import { type AccountRow, accountResource, changeAccount, isLastOwner, lockAccount } from './accounts.js';
import { consoleActor } from './log-in.js';
import { type NewSession, openSession } from './sessions.js';

const { LOG_IN_DONE, LOG_IN_NO_ROLE, LOG_IN_NOT_INVITED, LOG_IN_REFUSED } = consoleApi.console.LogInResult;

/** Who has signed on at a provider, as its ID token says. */
export interface Identity {
  issuer: string;
  subject: string;
  /** one the provider has verified; empty: none */
  email: string;
  /** empty: the one the account has */
  role: string;
}

interface KnownRow {
  id: number;
  name: string;
  linked: boolean;
}

const longest = 255;

const find: Statement = {
  name: 'console_identity_find',
  // By the subject; for the first time by the e-mail address, which may be somebody else's later.
  text: `
    SELECT a.id, a.name, true AS linked FROM console_identity i JOIN console_account a ON a.id = i.account_id
    WHERE i.issuer = $1 AND i.subject = $2
    UNION ALL
    SELECT a.id, a.name, false FROM console_account a
    WHERE $3 <> '' AND lower(a.email) = lower($3)
      AND NOT EXISTS (SELECT FROM console_identity i WHERE i.account_id = a.id AND i.issuer = $1)
    ORDER BY linked DESC LIMIT 1`,
};

const link: Statement = {
  name: 'console_identity_link',
  text: `
    INSERT INTO console_identity (issuer, subject, account_id)
    SELECT $1, $2, id FROM console_account WHERE id = $3 AND lower(email) = lower($4)
    ON CONFLICT DO NOTHING RETURNING account_id`,
};

const touch: Statement = {
  name: 'console_account_signed_on',
  text: 'UPDATE console_account SET last_login_at = now() WHERE id = $1',
};

/** Signing on at the console by an OpenID Connect provider, with which admin_server speaks. */
export class ConsoleSignOn {
  readonly #issuer: string;
  readonly #database: Database;

  /** @param issuer of the provider whose word is taken; empty: none */
  constructor(issuer: string, database: Database) {
    this.#issuer = issuer;
    this.#database = database;
  }

  /** Opens a session of the account that was made for them. Nobody gets one unasked. */
  async signOn(identity: Identity, session: NewSession): Promise<consoleApi.console.LogInResult> {
    const { issuer, subject, email } = identity;
    if (this.#issuer === '' || issuer !== this.#issuer) return LOG_IN_REFUSED;
    if (subject === '' || !isStorableText(subject, longest) || !isStorableText(email, longest)) {
      return LOG_IN_REFUSED;
    }
    const [known] = await this.#database.query<KnownRow>(find, [issuer, subject, email]);
    if (!known) return LOG_IN_NOT_INVITED;
    return this.#database.transaction('console_sign_on', async (query) => {
      const record = await openAudit(query, consoleActor(known.name, session.address));
      const resource = accountResource(known.id);
      const [account] = await query<AccountRow>(lockAccount, [known.id]);
      if (!account || account.disabled) return LOG_IN_REFUSED;
      const role = await roleAfter(query, account, identity.role);
      if (role === undefined) return LOG_IN_NO_ROLE;
      if (!known.linked) {
        // It may have been given to somebody else meanwhile.
        const linked = await query(link, [issuer, subject, known.id, email]);
        if (linked.length === 0) return LOG_IN_REFUSED;
        await record({ verb: 'account.link', resource, after: { issuer, email } });
      }
      if (role !== account.role) {
        const departmentId = role === departmentRole ? account.departmentId : null;
        await query(changeAccount, [account.id, role, null, departmentId, null]);
        await record({
          verb: 'account.change',
          resource,
          before: { role: account.role },
          after: { role, by: 'sign-on' },
        });
      }
      await query(touch, [account.id]);
      await openSession(query, account.id, { ...session, signedOn: true });
      await record({ verb: 'account.log-in', resource, after: { name: account.name, by: 'sign-on' } });
      return LOG_IN_DONE;
    });
  }
}

/** @returns undefined when the account cannot have the role */
async function roleAfter(query: Query, account: AccountRow, wanted: string): Promise<string | undefined> {
  if (wanted === '' || wanted === account.role) return account.role;
  if (!isConsoleRole(wanted)) return undefined;
  // Of which department is said in the console.
  if (wanted === departmentRole) return undefined;
  return (await isLastOwner(query, account)) ? undefined : wanted;
}
