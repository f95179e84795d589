import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';
import { notifyUsers } from './notify-users.js';

/** Changes remembered to recognise repeated events. */
const maxRemembered = 1_000;

/**
 * GroupChange from a route_server: sends 0x040b to the users concerned, and stops delivery of the group's messages to
 * removed members.
 */
export function handleGroupChange(context: Context) {
  const notify = notifyUsers(context);
  const seen = new Set<string>();

  return ({ groupId, version, removedIds, notify: notice }: teamtalk.bus.GroupChange.$Properties): void => {
    for (const userId of removedIds ?? []) context.deliveries.leave(userId, groupId ?? 0, version ?? 0);
    const change = `${groupId} ${version}`;
    if (seen.has(change)) return;
    seen.add(change);
    for (const oldest of seen) {
      if (seen.size <= maxRemembered) break;
      seen.delete(oldest);
    }
    if (notice) notify(notice);
  };
}
