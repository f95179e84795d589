import type { teamtalk } from '@teamtalk/bus';
import { traceId } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { recordRouting } from '../tracing/routing-spans.js';

type Delivery = teamtalk.bus.Delivery.$Properties & { userIds: number[] };
type Stored = teamtalk.bus.StoredMessage.$Properties;

/** The part of a batch for one msg_server. */
interface NodePart {
  readonly deliveries: Delivery[];
  /** the message of the last delivery */
  last: Stored;
}

/**
 * StoredBatch: sends each message to every msg_server with a participant, including the sender's own (it sees a
 * conversation without gaps, and the sender's other connections get their copy). It is answered only when every msg_server
 * has accepted its part.
 */
export function routeMessages({ kit, table, nodes, sync }: Context) {
  const messages = kit.metrics.counter('messages_routed_total', 'Messages routed');
  const deliveries = kit.metrics.counter(
    'deliveries_total',
    'Messages sent to msg_servers, counted once per msg_server',
  );
  const debug = kit.log.isLevelEnabled('debug');

  return async (batch: teamtalk.bus.StoredBatch): Promise<teamtalk.bus.Done.$Properties> => {
    while (sync.catchingUp) await sync.catchingUp;
    const byNode = new Map<number, NodePart>();
    for (const message of batch.messages ?? []) {
      const parts = share(message, table, byNode);
      if (debug) {
        const trace = traceId(message.originInstance ?? 0, message.originRequestId ?? 0);
        kit.log.debug({ trace, msgId: message.msgId, msgServers: parts }, 'message routed');
      }
    }
    messages.inc(batch.messages?.length ?? 0);
    const sending = Promise.all(
      [...byNode].map(([node, part]) => {
        deliveries.inc(part.deliveries.length);
        return nodes.ask(node, { deliver: { deliveries: part.deliveries, storeEpoch: batch.storeEpoch } });
      }),
    );
    await (kit.tracing ? recordRouting(kit.tracing, batch, byNode.size, sending) : sending);
    return {};
  };
}

/**
 * Adds a message to the part of each msg_server with a participant.
 * @returns how many there are
 */
function share(message: Stored, table: Context['table'], byNode: Map<number, NodePart>): number {
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
  table: Context['table'],
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
