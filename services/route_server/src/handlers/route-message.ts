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
      const parts = deliveriesOf(message, table);
      for (const [node, delivery] of parts) {
        const ofNode = byNode.get(node);
        if (ofNode) ofNode.push(delivery);
        else byNode.set(node, [delivery]);
      }
      if (debug) {
        const trace = traceId(message.originInstance ?? 0, message.originTicket ?? 0);
        kit.log.debug({ trace, msgId: message.msgId, msgServers: parts.size }, 'message routed');
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

function deliveriesOf(message: Stored, table: Context['table']): Map<number, Delivery> {
  const parts = new Map<number, Delivery>();
  const addUser = (userId: number) => {
    for (const { node } of table.sessionsOf(userId)) {
      const part = parts.get(node);
      if (!part) parts.set(node, toDelivery(message, node, userId));
      else if (part.userIds.at(-1) !== userId) part.userIds.push(userId);
    }
  };
  const fromUserId = message.fromUserId ?? 0;
  const members = message.memberIds ?? [];
  if (members.length === 0) {
    addUser(fromUserId);
    addUser(message.toSessionId ?? 0);
  } else {
    for (const userId of members) addUser(userId);
  }
  return parts;
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
  };
}
