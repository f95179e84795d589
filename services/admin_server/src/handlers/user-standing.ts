import { ask, Problem } from '@teamtalk/administration';
import { type ConsoleRole, type consoleApi, consoleWork } from '@teamtalk/rpc';
import type { Handlers } from './handler.js';

export const userStanding: Handlers<'getUserStanding'> = {
  async getUserStanding(call, { params: { user_id: userId } }) {
    const reply = await ask(call, consoleWork.getUserStanding, { userId });
    if (!reply.found) throw new Problem('not-found', 'there is no such user');
    const { account } = reply;
    return {
      unread: reply.unread,
      unread_conversations: reply.unreadConversations,
      conversations: (reply.conversations as consoleApi.console.UnreadConversation[]).map(
        ({ sessionId: session_id, group, name, unread }) => ({ session_id, group, name, unread }),
      ),
      groups: reply.groups,
      groups_owned: reply.groupsOwned,
      owned: namedOf(reply.owned),
      bot: reply.bot,
      apps: namedOf(reply.apps),
      hooks: namedOf(reply.hooks),
      account: account
        ? {
            account_id: account.accountId ?? 0,
            name: account.name ?? '',
            role: account.role as ConsoleRole,
            disabled: account.disabled ?? false,
          }
        : null,
    };
  },
};

function namedOf(list: readonly unknown[]): { id: number; name: string }[] {
  return (list as consoleApi.console.NamedId[]).map(({ id, name }) => ({ id, name }));
}
