import { rendezvous, type teamtalk } from '@teamtalk/bus';
import type { Context } from '../context.js';
import type { Effects } from '../presence/presence-table.js';

/** KickReasonType of the client protocol. */
const KICK_REASON_DUPLICATE_USER = 1;

/** PresenceUpdate: applied by every route_server; the one it names also acts on it. */
export function updatePresence(context: Context) {
  return (update: teamtalk.bus.PresenceUpdate): teamtalk.bus.PresenceAck.$Properties => {
    const effects = context.sync.apply(update);
    actOn(context, effects, update.actingRouteServer === context.kit.instance);
    return { routeServer: context.kit.instance };
  };
}

/** Kicks what was displaced and has the msg_servers told of PC presence; without `act` it is only noted. */
export function actOn(
  { nodes, statuses }: Pick<Context, 'nodes' | 'statuses'>,
  effects: Effects,
  act: boolean,
): void {
  if (act) {
    for (const { userId, node, connectionId } of effects.displaced) {
      nodes.send(node, { kick: { userId, connectionId, reason: KICK_REASON_DUPLICATE_USER } });
    }
  }
  statuses.changed(effects.pcChanged, act);
}

/** Whether this route_server acts for a msg_server when no update names one: it died, or was asked for a snapshot. */
export function actsFor({ routeServers, kit }: Pick<Context, 'routeServers' | 'kit'>, node: number): boolean {
  const others = routeServers.all().filter(({ instance }) => instance !== kit.instance);
  return rendezvous(node, [...others, { instance: kit.instance }])?.instance === kit.instance;
}
