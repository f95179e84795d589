import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../context.js';
import { statusOf } from '../presence/status-notifier.js';

/** PresenceQuery: online means on a PC. */
export function queryPresence({ table }: Context) {
  return ({ userIds }: teamtalk.bus.PresenceQuery): teamtalk.bus.PresenceReply.$Properties => ({
    status: (userIds ?? []).map((userId) => statusOf(table, userId)),
  });
}
