import { ask, momentOf } from '@teamtalk/administration';
import { type consoleApi, consoleWork } from '@teamtalk/rpc';
import { requireDone } from './account-outcome.js';
import type { Handlers } from './handler.js';

export const loginFailures: Handlers<'listLoginFailures' | 'unlockUser' | 'unlockAccount'> = {
  async listLoginFailures(call, { params: { user_id: userId } }) {
    const reply = await ask(call, consoleWork.listLoginFailures, { userId });
    return {
      failures: (reply.failures as consoleApi.console.LoginFailure[]).map(
        ({ network, failures, lastAt, known, locked }) => ({
          network,
          failures,
          last_at: momentOf(lastAt),
          known,
          locked,
        }),
      ),
      max_failures: reply.maxFailures,
      window_minutes: reply.windowSeconds / 60,
    };
  },

  async unlockUser(call, { params: { user_id: userId } }) {
    requireDone(await ask(call, consoleWork.unlockUser, { userId }), 'user');
    return undefined;
  },

  async unlockAccount(call, { params: { account_id: accountId } }) {
    requireDone(await ask(call, consoleWork.unlockAccount, { accountId }), 'account');
    return undefined;
  },
};
