import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../context.js';

/** NotifyUsers: the PDU goes to each msg_server with a connection of one of the users. */
export function notifyUsers({ table, nodes }: Context) {
  return (notify: teamtalk.bus.NotifyUsers): void => {
    const byNode = new Map<number, Set<number>>();
    for (const userId of notify.userIds ?? []) {
      for (const { node } of table.sessionsOf(userId)) {
        const users = byNode.get(node);
        if (users) users.add(userId);
        else byNode.set(node, new Set([userId]));
      }
    }
    for (const [node, users] of byNode) {
      nodes.send(node, {
        notify: {
          userIds: [...users],
          pdu: notify.pdu,
          clientClass: notify.clientClass,
          exceptInstance: notify.exceptInstance,
          exceptConnection: notify.exceptConnection,
        },
      });
    }
  };
}
