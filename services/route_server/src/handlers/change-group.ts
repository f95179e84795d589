import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../context.js';
import { notifyByNode } from './notify-users.js';

/**
 * GroupChange: sent to each msg_server with a connection of an affected user. It is answered when all of them have it, so
 * that a removed member gets no message of the group after it.
 */
export function changeGroup({ table, nodes, sync }: Context) {
  return async ({
    groupId,
    version,
    removedIds,
    notify,
  }: teamtalk.bus.GroupChange): Promise<teamtalk.bus.Done.$Properties> => {
    while (sync.catchingUp) await sync.catchingUp;
    const removed = new Set(removedIds);
    const parts = notifyByNode(table, notify ?? {});
    await Promise.all(
      [...parts].map(([node, part]) => {
        const gone = part.userIds?.filter((userId) => removed.has(userId));
        return nodes.ask(node, { groupChange: { groupId, version, removedIds: gone, notify: part } });
      }),
    );
    return {};
  };
}
