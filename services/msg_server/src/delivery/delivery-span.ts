import { messageSpan, type Tracing } from '@teamtalk/service-kit';
import type { Conversation, DeliveredMessage } from './delivered-message.js';

/** Records the span of delivering a message from a route_server. */
export function recordDelivered(
  tracing: Tracing,
  { sessionType, sessionId }: Conversation,
  { originInstance, originRequestId, msgId }: DeliveredMessage,
  { users, written, begin }: { users: number; written: number; begin: number },
): void {
  tracing.record({
    name: 'deliver message',
    kind: 'consumer',
    parent: messageSpan(originInstance, originRequestId, 'route'),
    begin,
    end: performance.now(),
    attributes: {
      'teamtalk.session_type': sessionType,
      'teamtalk.session_id': sessionId,
      'teamtalk.msg_id': msgId,
      'teamtalk.users': users,
      'teamtalk.connections_written': written,
    },
  });
}
