import type { teamtalk } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import type { Context } from '../context.js';
import { kickDisplaced } from '../presence/kick-displaced.js';

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
