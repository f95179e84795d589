import type { teamtalk } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

/**
 * Tells a client by 0x0107 that it is kicked, and closes once that is written. One whose login has not been answered yet
 * gets its answer first: closed without a word it would log in again and again (client-behaviour.md#one-connection-a-class).
 */
export function kick(connection: Connection, reason: IM.BaseDefine.KickReasonType): void {
  if (connection.awaitsAnswer) {
    connection.kickReason = reason;
    return;
  }
  const { userId } = connection;
  connection.write(encodePdu(Commands.LoginKickUser, { userId, kickReason: reason }, 0));
  connection.end('kicked');
}

/** KickConnection from a route_server: a newer login took the place of the connection. */
export function kickUser({ users }: Context) {
  return ({ userId, connectionId, reason }: teamtalk.bus.KickConnection.$Properties): void => {
    const connection = users.connectionsOf(userId ?? 0).find(({ id }) => id === connectionId);
    if (!connection) return;
    const { KICK_REASON_DUPLICATE_USER, KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;
    kick(
      connection,
      reason === KICK_REASON_MOBILE_KICK ? KICK_REASON_MOBILE_KICK : KICK_REASON_DUPLICATE_USER,
    );
  };
}
