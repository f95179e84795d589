import { consoleApi, departmentRole, isConsoleRole } from '@teamtalk/rpc';
import { openAudit } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableText } from '../database/text.js';
import { type AccountRow, accountResource, changeAccount, isLastOwner, lockAccount } from './accounts.js';
import { consoleActor } from './log-in.js';
import { type NewSession, openSession } from './sessions.js';

const { LOG_IN_DONE, LOG_IN_NO_ROLE, LOG_IN_NOT_INVITED, LOG_IN_REFUSED } = consoleApi.console.LogInResult;

/** A person's identity at a provider, from the ID token. */
export interface Identity {
  issuer: string;
  subject: string;
  /** verified by the provider; empty: none */
  email: string;
  /** empty: the account's role stays */
  role: string;
}

interface KnownRow {
  id: number;
  name: string;
  linked: boolean;
}

const longest = 255;

const find: Statement = {
  name: 'console_identity_find_2',
  // Found by subject, and before the first sign-on by e-mail address, since the address may pass to somebody else later.
  // Case is ignored for ASCII only: in Unicode different letters fold together, such as the Kelvin sign and k.
  text: `
    SELECT a.id, a.name, true AS linked FROM console_identity i JOIN console_account a ON a.id = i.account_id
    WHERE i.issuer = $1 AND i.subject = $2
    UNION ALL
    SELECT a.id, a.name, false FROM console_account a
    WHERE $3 <> '' AND lower(a.email COLLATE "C") = lower($3 COLLATE "C")
      AND NOT EXISTS (SELECT FROM console_identity i WHERE i.account_id = a.id AND i.issuer = $1)
    ORDER BY linked DESC LIMIT 1`,
};

const link: Statement = {
  name: 'console_identity_link_2',
  text: `
    INSERT INTO console_identity (issuer, subject, account_id)
    SELECT $1, $2, id FROM console_account WHERE id = $3 AND lower(email COLLATE "C") = lower($4 COLLATE "C")
    ON CONFLICT DO NOTHING RETURNING account_id`,
};

const touch: Statement = {
  name: 'console_account_signed_on',
  text: 'UPDATE console_account SET last_login_at = now() WHERE id = $1',
};

/** Sign-on at the console through an OpenID Connect provider; admin_server speaks with the provider. */
export class ConsoleSignOn {
  readonly #issuer: string;
  readonly #database: Database;

  /** @param issuer of the trusted provider; empty: none */
  constructor(issuer: string, database: Database) {
    this.#issuer = issuer;
    this.#database = database;
  }

  /** Opens a session of the account that was created for this person. Accounts are never created here. */
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
      // The identity or the address may belong to another account by now.
      const [still] = await query<KnownRow>(find, [issuer, subject, email]);
      if (still?.id !== known.id || still.linked !== known.linked) return LOG_IN_REFUSED;
      const role = await roleAfter(query, account, identity.role);
      if (role === undefined) return LOG_IN_NO_ROLE;
      if (!known.linked) {
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

/** @returns the role after the sign-on; undefined when the account cannot have the wanted one */
async function roleAfter(query: Query, account: AccountRow, wanted: string): Promise<string | undefined> {
  if (wanted === '' || wanted === account.role) return account.role;
  if (!isConsoleRole(wanted)) return undefined;
  // Needs a department, which only the console can set.
  if (wanted === departmentRole) return undefined;
  return (await isLastOwner(query, account)) ? undefined : wanted;
}
