import type { teamtalk } from '@teamtalk/bus';
import type { PresenceTable } from '@teamtalk/routing';
import type { Context } from '../context.js';

type Notify = teamtalk.bus.NotifyUsers.$Properties;

/** NotifyUsers: sends the PDU to each msg_server with a connection of one of the users. */
export function notifyUsers({ table, nodes }: Context) {
  return (notify: teamtalk.bus.NotifyUsers): void => {
    for (const [node, part] of notifyByNode(table, notify)) nodes.send(node, { notify: part });
  };
}

/** Splits a notification by msg_server with a connection of one of its users. */
export function notifyByNode(table: PresenceTable, notify: Notify): Map<number, Notify> {
  const byNode = new Map<number, Set<number>>();
  for (const userId of notify.userIds ?? []) {
    for (const { node } of table.sessionsOf(userId)) {
      const users = byNode.get(node);
      if (users) users.add(userId);
      else byNode.set(node, new Set([userId]));
    }
  }
  const { pdu, clientClass, exceptInstance, exceptConnection } = notify;
  return new Map(
    [...byNode].map(([node, users]) => [
      node,
      { userIds: [...users], pdu, clientClass, exceptInstance, exceptConnection },
    ]),
  );
}
