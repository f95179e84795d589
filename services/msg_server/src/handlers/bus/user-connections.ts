import type { teamtalk } from '@teamtalk/bus';
import { plainAddress } from '@teamtalk/net';
import { IM } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { forgetPush } from '../../forget-push.js';
import { kick } from './kick-user.js';

const { KICK_REASON_DUPLICATE_USER, KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;

/** ConnectionsQuery: a user's connections on this server, of which some may be ended. */
export function answerConnections(context: Context) {
  return async ({
    userId,
    endIds,
    logOut,
  }: teamtalk.bus.ConnectionsQuery): Promise<teamtalk.bus.Connections.$Properties> => {
    const connections = [...context.users.connectionsOf(userId)];
    const reply = {
      connections: connections.map(({ id, clientType, clientVersion, remoteAddress, since, isBot }) => ({
        connectionId: id,
        clientType,
        clientVersion,
        address: plainAddress(remoteAddress),
        since,
        bot: isBot,
      })),
    };
    const ended = connections.filter(({ id }) => endIds?.includes(id));
    for (const each of ended) kick(each, logOut ? reasonFor(each) : KICK_REASON_DUPLICATE_USER);
    if (logOut) await Promise.all(ended.map((each) => forgetPush(context, each)));
    return reply;
  };
}

/** Old clients know reason 2 only as a PC's session ended by a phone. Web clients show that the user has logged it out. */
function reasonFor({ clientClass }: Connection): IM.BaseDefine.KickReasonType {
  return clientClass === 'web' ? KICK_REASON_MOBILE_KICK : KICK_REASON_DUPLICATE_USER;
}
