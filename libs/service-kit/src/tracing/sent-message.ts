import { traceId } from '../instance.js';
import { messageSpan, type SpanIds } from './message-trace.js';
import type { Tracing } from './tracing.js';

/** A message that a client or another system sent, and its outcome. */
export interface SentMessage {
  instance: number;
  requestId: number;
  fromUserId: number;
  toSessionId: number;
  isGroup: boolean;
  msgType: number;
  /** 0: not stored, or unknown */
  msgId: number;
  /** performance.now() of its receipt */
  begin: number;
  /** why it got no ack */
  error: string | undefined;
  /** a retry: sent before under this request id, with unknown outcome */
  isRetry?: boolean;
  /** the HTTP request it came with, in a trace of its own */
  request?: SpanIds;
}

/** A message's first span: from its PDU, or the call it came with, to the sender's ack. */
export function recordSent(tracing: Tracing, message: SentMessage): void {
  const {
    instance,
    requestId,
    fromUserId,
    toSessionId,
    isGroup,
    msgType,
    msgId,
    begin,
    error,
    isRetry,
    request,
  } = message;
  const own = messageSpan(instance, requestId, 'send');
  tracing.record({
    name: 'send message',
    kind: 'server',
    ...(isRetry ? { parent: own } : { ids: own }),
    begin,
    end: performance.now(),
    attributes: {
      'teamtalk.trace': traceId(instance, requestId),
      'teamtalk.from_user_id': fromUserId,
      [isGroup ? 'teamtalk.group_id' : 'teamtalk.to_user_id']: toSessionId,
      'teamtalk.msg_type': msgType,
      ...(msgId > 0 && { 'teamtalk.msg_id': msgId }),
    },
    event: error === undefined ? 'ack' : undefined,
    error,
    ...(request && { links: [request] }),
  });
}
