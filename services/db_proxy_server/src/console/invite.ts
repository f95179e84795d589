import { TeamTalkError } from '@teamtalk/service-kit';
import type { DataSource } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import { queryOn, type Statement } from '../database/database.js';
import { accountResource, createAccount, giveToken, type SetupToken } from './accounts.js';

/** The account that the first start creates. */
const firstOwner = { name: 'admin', role: 'owner' };

const byName: Statement = {
  name: 'console_account_by_name',
  text: 'SELECT id, role, disabled_at IS NOT NULL AS disabled FROM console_account WHERE name = $1',
};

const anySetUp: Statement = {
  name: 'console_any_set_up',
  text: 'SELECT id FROM console_account WHERE password_hash IS NOT NULL LIMIT 1',
};

/**
 * A one-time token for choosing a password of the console. Creates the account if it does not exist; earlier tokens of the
 * account stop working.
 * @throws TeamTalkError `invalid-argument` when the account is disabled or has another role, or the role does not exist
 */
export function inviteToConsole(
  dataSource: DataSource,
  {
    name,
    role,
    departmentId = null,
    email,
  }: { name: string; role?: string; departmentId?: number | null; email?: string },
  actor: Actor = operator(),
): Promise<SetupToken> {
  return dataSource.transaction(async (manager) => {
    const query = queryOn(manager);
    const record = await openAudit(query, actor);
    const [account] = await query<{ id: number; role: string; disabled: boolean }>(byName, [name]);
    if (!account) {
      if (role === undefined) {
        throw new TeamTalkError('invalid-argument', `there is no account ${name}: give its role`);
      }
      const created = await createAccount(
        query,
        { name, role, departmentId, ...(email && { email }) },
        actor,
      );
      if (created === 'conflict')
        throw new TeamTalkError('invalid-argument', 'another account has this e-mail address');
      return created;
    }
    if (account.disabled) throw new TeamTalkError('invalid-argument', `the account ${name} is disabled`);
    if (email !== undefined) {
      throw new TeamTalkError(
        'invalid-argument',
        `the account ${name} exists: change its address in the console`,
      );
    }
    if (role !== undefined && role !== account.role) {
      throw new TeamTalkError('invalid-argument', `the account ${name} has the role ${account.role}`);
    }
    await record({ verb: 'account.invite', resource: accountResource(account.id), after: { name } });
    return giveToken(query, account.id);
  });
}

/** A token for the first owner; undefined when somebody has chosen a password already. */
export async function inviteFirstOwner(dataSource: DataSource): Promise<SetupToken | undefined> {
  const isSetUp = (await queryOn(dataSource)(anySetUp, [])).length > 0;
  return isSetUp ? undefined : inviteToConsole(dataSource, firstOwner);
}
