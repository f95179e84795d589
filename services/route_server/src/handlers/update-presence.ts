import { rendezvous, type teamtalk } from '@teamtalk/bus';
import { IM, isMobileClient } from '@teamtalk/protocol';
import type { Context } from '../context.js';
import type { Effects } from '../presence/presence-table.js';

const { KICK_REASON_DUPLICATE_USER } = IM.BaseDefine.KickReasonType;

/**
 * PresenceUpdate: applied by every route_server; the one it names also acts on it, and answers when it has. An update
 * without an answer is retried with another one's name, which acts as if it were new although it knows the changes
 * already.
 */
export function updatePresence(context: Context) {
  const { kit, statuses, sync } = context;
  return async (update: teamtalk.bus.PresenceUpdate): Promise<teamtalk.bus.PresenceAck.$Properties> => {
    const effects = sync.apply(update);
    const ack = { routeServer: kit.instance };
    if (update.actingRouteServer !== kit.instance) {
      statuses.note(effects);
      return ack;
    }
    kickDisplaced(context, effects);
    if (update.again) {
      for (const { userId, clientType } of update.changes ?? []) {
        if (!isMobileClient(clientType ?? 0)) effects.pcChanged.add(userId ?? 0);
      }
      await statuses.tellAgain(effects);
    } else {
      await statuses.tell(effects);
    }
    return ack;
  };
}

/** Acts on changes that name no route_server: a msg_server died, or sent a snapshot. */
export function actOn(context: Omit<Context, 'sync'>, effects: Effects, node: number): void {
  if (!actsFor(context, node)) {
    context.statuses.note(effects);
    return;
  }
  kickDisplaced(context, effects);
  void context.statuses.tell(effects);
}

function kickDisplaced({ nodes }: Pick<Context, 'nodes'>, { displaced }: Effects): void {
  for (const { userId, node, connectionId } of displaced) {
    nodes.send(node, { kick: { userId, connectionId, reason: KICK_REASON_DUPLICATE_USER } });
  }
}

/** Whether this route_server is the one that acts for a msg_server. */
function actsFor({ routeServers, kit }: Pick<Context, 'routeServers' | 'kit'>, node: number): boolean {
  const others = routeServers.all().filter(({ instance }) => instance !== kit.instance);
  return rendezvous(node, [...others, { instance: kit.instance }])?.instance === kit.instance;
}
