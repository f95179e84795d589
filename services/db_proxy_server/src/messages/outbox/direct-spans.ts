import { isTraced, messageSpan, type Tracing } from '@teamtalk/service-kit';
import type { StoredMessage } from '../stored-batch.js';

/**
 * @returns records one span for each traced message of a batch that is sent to msg_servers now, from now until it is called;
 * only the first call counts. undefined: none is traced
 */
export function recordDirect(
  tracing: Tracing,
  messages: readonly StoredMessage[],
  msgServers: number,
): ((error?: string) => void) | undefined {
  const traced = messages.filter((each) => isTraced(each.originInstance, each.originRequestId));
  if (traced.length === 0) return undefined;
  const begin = performance.now();
  let recorded = false;
  return (error) => {
    if (recorded) return;
    recorded = true;
    const end = performance.now();
    for (const { originInstance, originRequestId, msgId } of traced) {
      tracing.record({
        name: 'send message directly',
        kind: 'client',
        // In the place of a route_server's span; that of a second way has other ids.
        ids: messageSpan(originInstance, originRequestId, 'route'),
        parent: messageSpan(originInstance, originRequestId, 'store'),
        begin,
        end,
        attributes: {
          'teamtalk.way': 'direct',
          'teamtalk.msg_id': msgId,
          'teamtalk.batch.messages': messages.length,
          'teamtalk.batch.msg_servers': msgServers,
        },
        error,
      });
    }
  };
}
