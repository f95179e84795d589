import type { teamtalk } from '@teamtalk/bus';
import type { PresenceTable } from './presence-table.js';

type Delivery = teamtalk.bus.Delivery.$Properties & { userIds: number[] };
type Stored = teamtalk.bus.StoredMessage.$Properties;

/** The part of a batch for one msg_server. */
export interface NodePart {
  readonly deliveries: Delivery[];
  /** the message of the last delivery */
  last: Stored;
}

/**
 * Adds a message to the part of each msg_server with a participant, the sender's own included: it sees a conversation
 * without gaps, and the sender's other connections get their copy.
 * @returns the number of these msg_servers
 */
export function share(message: Stored, table: PresenceTable, byNode: Map<number, NodePart>): number {
  const members = message.memberIds ?? [];
  if (members.length > 0) {
    let nodes = 0;
    for (const userId of members) nodes += shareWith(userId, message, table, byNode);
    return nodes;
  }
  return (
    shareWith(message.fromUserId ?? 0, message, table, byNode) +
    shareWith(message.toSessionId ?? 0, message, table, byNode)
  );
}

/** @returns the number of msg_servers added for this message */
function shareWith(
  userId: number,
  message: Stored,
  table: PresenceTable,
  byNode: Map<number, NodePart>,
): number {
  let nodes = 0;
  for (const { node } of table.sessionsOf(userId)) {
    let part = byNode.get(node);
    if (part?.last === message) {
      const { userIds } = part.deliveries.at(-1) as Delivery;
      if (userIds.at(-1) !== userId) userIds.push(userId);
      continue;
    }
    if (!part) {
      part = { deliveries: [], last: message };
      byNode.set(node, part);
    }
    part.deliveries.push(toDelivery(message, node, userId));
    part.last = message;
    nodes++;
  }
  return nodes;
}

function toDelivery(message: Stored, node: number, userId: number): Delivery {
  return {
    sessionType: message.sessionType,
    fromUserId: message.fromUserId,
    toSessionId: message.toSessionId,
    msgId: message.msgId,
    pdu: message.pdu,
    userIds: [userId],
    exceptConnection: node === message.originInstance ? message.originConnection : 0,
    originInstance: message.originInstance,
    originRequestId: message.originRequestId,
    groupVersion: message.groupVersion,
    openFrom: message.openFrom,
    receivedAt: message.receivedAt,
    outboxId: message.outboxId,
  };
}
