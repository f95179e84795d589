import type { teamtalk } from '@teamtalk/bus';
import { plainAddress } from '@teamtalk/net';
import type { Context } from '../../context.js';

/**
 * Where a user's connections to this msg_server come from: a file_server asks, to whom somebody says that he
 * is this user. No answer when he is not here.
 */
export function answerUserSessions({ users }: Context) {
  return ({ userId }: teamtalk.bus.UserSessionsQuery): teamtalk.bus.UserSessions.$Properties | undefined => {
    const addresses = users.connectionsOf(userId).map(({ remoteAddress }) => plainAddress(remoteAddress));
    return addresses.length > 0 ? { addresses } : undefined;
  };
}
