import type { teamtalk } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

/**
 * Kicks a client: sends 0x0107, then closes. A client whose login is not answered yet gets the answer first, because
 * clients retry the login when closed without one (client-behaviour.md#one-connection-a-class).
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

/** KickConnection from a route_server: a newer login has replaced the connection. */
export function kickUser({ users }: Context) {
  return ({
    userId,
    connectionId,
    reason,
    knowsWeb,
    knowsBots,
  }: teamtalk.bus.KickConnection.$Properties): void => {
    const connection = users.connectionsOf(userId ?? 0).find(({ id }) => id === connectionId);
    if (!connection) return;
    const { KICK_REASON_DUPLICATE_USER, KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;
    // A route_server of an earlier version counts web sessions as PC logins, and bots as web sessions.
    const { clientClass } = connection;
    const isMistaken = (clientClass === 'web' && !knowsWeb) || (clientClass === 'bot' && !knowsBots);
    if (isMistaken && reason === KICK_REASON_DUPLICATE_USER) return;
    kick(
      connection,
      reason === KICK_REASON_MOBILE_KICK ? KICK_REASON_MOBILE_KICK : KICK_REASON_DUPLICATE_USER,
    );
  };
}
