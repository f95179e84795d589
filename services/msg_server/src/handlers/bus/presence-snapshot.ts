import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

type Page = teamtalk.bus.PresenceSnapshot.$Properties;

/**
 * SnapshotRequest from a route_server: sends all sessions of this msg_server in pages, the last one as the response.
 * Connections for which the route_server may have missed messages are ended first; the clients synchronise when they
 * reconnect.
 */
export function sendPresenceSnapshot({ presence, users, kit }: Pick<Context, 'presence' | 'users' | 'kit'>) {
  return ({ missedConnections }: teamtalk.bus.SnapshotRequest, respond: (page: Page) => void): Page => {
    if (missedConnections && missedConnections.length > 0) {
      kit.log.warn(
        { connections: missedConnections.length },
        'route_server may have missed connections; closing them',
      );
      const missed = new Set(missedConnections);
      for (const connection of [...users.connections()]) {
        if (missed.has(connection.id)) connection.end('lost-contact');
      }
    }
    const pages = presence.snapshot();
    for (const page of pages.slice(0, -1)) respond(page);
    return pages.at(-1)!;
  };
}
