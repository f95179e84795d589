import { formatInstance } from '../instance.js';

/** The ids of a span: 32 and 16 hex digits. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The stages of a message whose span ids follow from the message's, so that the next stage can name its parent without
 * being told. Each stage happens once per message.
 */
export type MessageStation = 'send' | 'store' | 'route';

const marks: Readonly<Record<MessageStation, number>> = { send: 0, store: 1, route: 2 };

/**
 * Whether a message is traced: the lowest bit of its request id. The service that receives the message decides, and every
 * service with its trace id knows, whatever its own settings. Messages of broadcasts (instance 0) are never traced: they
 * share the broadcast's number.
 */
export function isTraced(instance: number, requestId: number): boolean {
  return (requestId & 1) === 1 && instance !== 0;
}

/**
 * The ids of a stage's span. The trace id is the message's 16-digit trace id of the logs, padded with leading zeros.
 */
export function messageSpan(instance: number, requestId: number, station: MessageStation): SpanIds {
  const low = formatInstance(requestId);
  return {
    traceId: `0000000000000000${formatInstance(instance)}${low}`,
    // A traced request id is odd and thus not 0: neither is any of these ids.
    spanId: formatInstance((instance ^ marks[station]) >>> 0) + low,
  };
}

/** The W3C traceparent header of a sampled span. */
export function traceparentOf({ traceId, spanId }: SpanIds): string {
  return `00-${traceId}-${spanId}-01`;
}
