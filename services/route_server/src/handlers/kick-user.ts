import { teamtalk } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import type { Context } from '../context.js';

const { ANY_CLASS, MOBILE } = teamtalk.bus.ClientClass;

/** KickUser: ends a user's connections of a client class on all msg_servers. */
export function kickUser({ table, nodes }: Context) {
  return ({ userId, clientClass, reason }: teamtalk.bus.KickUser): teamtalk.bus.Done.$Properties => {
    for (const { node, connectionId, clientType } of table.sessionsOf(userId)) {
      if (clientClass !== ANY_CLASS && (clientClass === MOBILE) !== isMobileClient(clientType)) continue;
      nodes.send(node, { kick: { userId, connectionId, reason } });
    }
    return {};
  };
}
