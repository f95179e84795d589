import type { teamtalk } from '@teamtalk/bus';
import { asBuffer } from '../../bytes.js';
import type { Context } from '../../context.js';
import { followStoreEpoch } from './store-epoch.js';

/**
 * DeliverBatch from a route_server or, directly, a db_proxy_server: delivers stored messages to users on this server.
 * Both ways lead through one handler, which follows the store epoch.
 * @returns a handler that returns false for a batch of an earlier store epoch, which must not be acknowledged
 */
export function deliverMessages(context: Context) {
  const { deliveries } = context;
  const isCurrent = followStoreEpoch(context);
  return (batch: teamtalk.bus.DeliverBatch.$Properties): boolean => {
    if (!isCurrent(batch.storeEpoch ?? 0)) return false;
    for (const delivery of batch.deliveries ?? []) {
      deliveries.deliver(
        {
          sessionType: delivery.sessionType ?? 0,
          userId: delivery.fromUserId ?? 0,
          sessionId: delivery.toSessionId ?? 0,
        },
        {
          msgId: delivery.msgId ?? 0,
          pdu: asBuffer(delivery.pdu),
          exceptConnection: delivery.exceptConnection ?? 0,
          originInstance: delivery.originInstance ?? 0,
          originRequestId: delivery.originRequestId ?? 0,
          groupVersion: delivery.groupVersion ?? 0,
          openFrom: delivery.openFrom ?? 0,
          receivedAt: delivery.receivedAt ?? 0,
          outboxId: delivery.outboxId ?? 0,
        },
        delivery.userIds ?? [],
      );
    }
    return true;
  };
}
