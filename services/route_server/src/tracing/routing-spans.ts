import type { teamtalk } from '@teamtalk/bus';
import { isTraced, messageSpan, TeamTalkError, type Tracing } from '@teamtalk/service-kit';

/** One span for each traced message of the batch, until the msg_servers have accepted the batch. */
export async function recordRouting(
  tracing: Tracing,
  { messages, redelivery }: teamtalk.bus.StoredBatch,
  msgServers: number,
  sending: Promise<unknown>,
): Promise<void> {
  const begin = performance.now();
  const record = (error?: string) => {
    for (const message of messages ?? []) {
      const [instance, requestId] = [message.originInstance ?? 0, message.originRequestId ?? 0];
      if (!isTraced(instance, requestId)) continue;
      tracing.record({
        name: 'route message',
        kind: 'consumer',
        // A retried batch gets other ids: those of the first attempt may be in use.
        ...(!redelivery && { ids: messageSpan(instance, requestId, 'route') }),
        parent: messageSpan(instance, requestId, 'store'),
        begin,
        end: performance.now(),
        attributes: {
          'teamtalk.way': 'routed',
          'teamtalk.msg_id': message.msgId ?? 0,
          'teamtalk.batch.messages': messages?.length ?? 0,
          'teamtalk.batch.msg_servers': msgServers,
          'teamtalk.redelivery': redelivery,
        },
        error,
      });
    }
  };
  try {
    await sending;
    record();
  } catch (error) {
    record(error instanceof TeamTalkError ? error.code : 'internal');
    throw error;
  }
}
