import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../context.js';

/** SessionsQuery: where users are, whatever their client. */
export function querySessions({ table }: Context) {
  return ({ userIds }: teamtalk.bus.SessionsQuery): teamtalk.bus.Sessions.$Properties => ({
    sessions: (userIds ?? []).flatMap((id) =>
      table.sessionsOf(id).map(({ userId, node, clientType, clientClass }) => ({
        userId,
        node,
        clientType,
        web: clientClass === 'web',
      })),
    ),
  });
}
