import type { teamtalk } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../context.js';
import { isStorableId } from '../database/ids.js';

const { USER_STATUS_ONLINE } = IM.BaseDefine.UserStatType;

/** Stores presence changes as webhook events; called by the route_server that notifies the clients. */
export function recordPresence({ webhookEvents }: Context) {
  return async ({ changes }: teamtalk.bus.StatusChanges): Promise<void> => {
    const stored = changes.map(({ userId, status }) => {
      return { userId: userId ?? 0, online: status === USER_STATUS_ONLINE };
    });
    await webhookEvents.addPresence(stored.filter(({ userId }) => isStorableId(userId)));
  };
}
