import { teamtalk } from '@teamtalk/bus';
import type { Session } from '@teamtalk/routing';
import type { Context } from '../context.js';
import { kickSession } from '../presence/kick-displaced.js';

const { ANY_CLASS, MOBILE } = teamtalk.bus.ClientClass;

/** KickUser: ends a user's connections of a class on all msg_servers. Class PC includes web sessions if these count as PC. */
export function kickUser({ table, nodes }: Context) {
  const isOf = (session: Session, clientClass: teamtalk.bus.ClientClass) => {
    if (clientClass === ANY_CLASS) return true;
    return clientClass === MOBILE ? session.clientClass === 'mobile' : table.countsAsPc(session);
  };
  return ({ userId, clientClass, reason }: teamtalk.bus.KickUser): teamtalk.bus.Done.$Properties => {
    for (const session of table.sessionsOf(userId)) {
      if (isOf(session, clientClass)) kickSession({ nodes }, session, reason);
    }
    return {};
  };
}
