import type { teamtalk } from '@teamtalk/bus';
import { traceId } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { recordRouting } from '../tracing/routing-spans.js';

type Delivery = teamtalk.bus.Delivery.$Properties & { userIds: number[] };
type Stored = teamtalk.bus.StoredMessage.$Properties;

/**
 * StoredBatch: each message goes to every msg_server with a participant, the sender's own included (they
 * see a conversation without gaps, and the sender's other connections get their copy). The answer is given
 * only when every msg_server has taken its part.
 */
export function routeMessages({ kit, table, nodes, sync }: Context) {
  const messages = kit.metrics.counter('messages_routed_total', 'Messages routed');
  const deliveries = kit.metrics.counter('deliveries_total', 'Messages given to a msg_server, one for each');
  const debug = kit.log.isLevelEnabled('debug');

  return async (batch: teamtalk.bus.StoredBatch): Promise<teamtalk.bus.Done.$Properties> => {
    while (sync.catchingUp) await sync.catchingUp;
    const byNode = new Map<number, Delivery[]>();
    for (const message of batch.messages ?? []) {
      const parts = share(message, table, byNode);
      if (debug) {
        const trace = traceId(message.originInstance ?? 0, message.originTicket ?? 0);
        kit.log.debug({ trace, msgId: message.msgId, msgServers: parts }, 'message routed');
      }
    }
    messages.inc(batch.messages?.length ?? 0);
    const sending = Promise.all(
      [...byNode].map(([node, parts]) => {
        deliveries.inc(parts.length);
        return nodes.ask(node, { deliver: { deliveries: parts } });
      }),
    );
    await (kit.tracing ? recordRouting(kit.tracing, batch, byNode.size, sending) : sending);
    return {};
  };
}

/**
 * Adds a message to what each msg_server with a participant gets.
 * @returns how many these are
 */
function share(message: Stored, table: Context['table'], byNode: Map<number, Delivery[]>): number {
  const members = message.memberIds ?? [];
  const parts: { node: number; delivery: Delivery }[] = [];
  const addUser = (userId: number) => {
    for (const { node } of table.sessionsOf(userId)) {
      // There are few msg_servers.
      const part = parts.find((each) => each.node === node);
      if (!part) {
        const delivery = toDelivery(message, node, userId);
        parts.push({ node, delivery });
        const ofNode = byNode.get(node);
        if (ofNode) ofNode.push(delivery);
        else byNode.set(node, [delivery]);
      } else if (part.delivery.userIds.at(-1) !== userId) {
        part.delivery.userIds.push(userId);
      }
    }
  };
  if (members.length === 0) {
    addUser(message.fromUserId ?? 0);
    addUser(message.toSessionId ?? 0);
  } else {
    for (const userId of members) addUser(userId);
  }
  return parts.length;
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
    originTicket: message.originTicket,
    groupVersion: message.groupVersion,
    openFrom: message.openFrom,
    takenAt: message.takenAt,
  };
}
