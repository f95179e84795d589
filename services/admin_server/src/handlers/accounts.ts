import { ask, momentOf } from '@teamtalk/administration';
import { type ConsoleRole, type consoleApi, consoleWork } from '@teamtalk/rpc';
import { requireDone } from './account-outcome.js';
import type { Handlers } from './handler.js';

export const accounts: Handlers<
  | 'listAccounts'
  | 'createAccount'
  | 'changeAccount'
  | 'deleteAccount'
  | 'inviteAccount'
  | 'resetSecondFactor'
  | 'endAccountSessions'
> = {
  async listAccounts(call) {
    const reply = await ask(call, consoleWork.listAccounts, {});
    return {
      accounts: (reply.accounts as consoleApi.console.Account[]).map((account) => ({
        account_id: account.accountId,
        name: account.name,
        role: account.role as ConsoleRole,
        department_id: account.departmentId || null,
        disabled: account.disabled,
        set_up: account.setUp,
        second_factor: account.secondFactor,
        email: account.email,
        signs_on: account.signsOn,
        locked: account.locked,
        sessions: account.sessions,
        created_at: momentOf(account.createdAt),
        last_login_at: account.lastLoginAt === 0 ? null : momentOf(account.lastLoginAt),
      })),
    };
  },

  async createAccount(call, { body }) {
    const { department_id: departmentId, ...account } = body;
    const reply = await ask(call, consoleWork.createAccount, { ...account, departmentId: departmentId ?? 0 });
    requireDone(reply, 'account', 'account-taken');
    return invitationOf(reply);
  },

  async changeAccount(call, { params: { account_id: accountId }, body }) {
    const { department_id, ...fields } = body;
    const request = { accountId, ...fields, departmentId: department_id ?? undefined };
    requireDone(
      await ask(call, consoleWork.changeAccount, request),
      'account',
      'last-owner-or-address-taken',
    );
    return undefined;
  },

  async deleteAccount(call, { params: { account_id: accountId } }) {
    requireDone(
      await ask(call, consoleWork.deleteAccount, { accountId }),
      'account',
      'last-owner-or-own-account',
    );
    return undefined;
  },

  async inviteAccount(call, { params: { account_id: accountId } }) {
    const reply = await ask(call, consoleWork.inviteAccount, { accountId });
    requireDone(reply, 'account', 'account-disabled');
    return invitationOf(reply);
  },

  async resetSecondFactor(call, { params: { account_id: accountId } }) {
    const reply = await ask(call, consoleWork.resetSecondFactor, { accountId });
    requireDone(reply, 'account', 'no-second-factor');
    return undefined;
  },

  async endAccountSessions(call, { params: { account_id: accountId } }) {
    requireDone(await ask(call, consoleWork.endAccountSessions, { accountId }), 'account');
    return undefined;
  },
};

function invitationOf({ accountId, token, expiresAt }: consoleApi.console.Invitation) {
  return { account_id: accountId, setup_token: token, expires_at: momentOf(expiresAt) };
}
