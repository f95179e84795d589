import type { teamtalk } from '@teamtalk/bus';
import { asBuffer } from '../bytes.js';
import type { Context } from '../context.js';

/** DeliverBatch from a route_server: stored messages for users who are here. */
export function deliverMessages({ deliveries }: Context) {
  return (batch: teamtalk.bus.DeliverBatch.$Properties): void => {
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
          originTicket: delivery.originTicket ?? 0,
          groupVersion: delivery.groupVersion ?? 0,
          openFrom: delivery.openFrom ?? 0,
          takenAt: delivery.takenAt ?? 0,
          outboxId: delivery.outboxId ?? 0,
        },
        delivery.userIds ?? [],
      );
    }
  };
}
