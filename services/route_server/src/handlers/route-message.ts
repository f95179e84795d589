import type { teamtalk } from '@teamtalk/bus';
import { type NodePart, share } from '@teamtalk/routing';
import { traceId } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { recordRouting } from '../tracing/routing-spans.js';

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
