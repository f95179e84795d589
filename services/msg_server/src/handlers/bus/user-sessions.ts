import type { teamtalk } from '@teamtalk/bus';
import { plainAddress } from '@teamtalk/net';
import type { Context } from '../../context.js';

/**
 * UserSessionsQuery from a file_server that a client logs in to: the addresses of the user's connections to this
 * msg_server. No response when there are none.
 */
export function answerUserSessions({ users }: Context) {
  return ({ userId }: teamtalk.bus.UserSessionsQuery): teamtalk.bus.UserSessions.$Properties | undefined => {
    const addresses = users.connectionsOf(userId).map(({ remoteAddress }) => plainAddress(remoteAddress));
    return addresses.length > 0 ? { addresses } : undefined;
  };
}
