import type { teamtalk } from '@teamtalk/bus';
import { plainAddress } from '@teamtalk/net';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';
import { kick } from './kick-user.js';

const { KICK_REASON_DUPLICATE_USER } = IM.BaseDefine.KickReasonType;

/** ConnectionsQuery: a user's connections on this server, of which some may be ended. */
export function answerConnections({ users }: Pick<Context, 'users'>) {
  return ({ userId, endIds }: teamtalk.bus.ConnectionsQuery): teamtalk.bus.Connections.$Properties => {
    const connections = [...users.connectionsOf(userId)];
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
    for (const connection of connections) {
      if (endIds?.includes(connection.id)) kick(connection, KICK_REASON_DUPLICATE_USER);
    }
    return reply;
  };
}
