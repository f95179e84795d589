import { formatInstance } from '../instance.js';

/** What names a span: 32 and 16 hex digits. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The stations of a message whose span's id follows from the message's, so that the next station can name it as its
 * parent without being told. Each of them happens once.
 */
export type MessageStation = 'send' | 'store' | 'route';

const marks: Readonly<Record<MessageStation, number>> = { send: 0, store: 1, route: 2 };

/**
 * Whether a message is traced: the lowest bit of its request id. So whoever takes the message in decides, and every
 * service that has its trace id knows, whatever its own settings are. Messages of broadcasts (instance 0) never are:
 * they all have the broadcast's number.
 */
export function isTraced(instance: number, requestId: number): boolean {
  return (requestId & 1) === 1 && instance !== 0;
}

/**
 * The ids of a station's span. The trace is found by the message's 16-digit trace id as it is in the log: before it
 * come zeros.
 */
export function messageSpan(instance: number, requestId: number, station: MessageStation): SpanIds {
  const low = formatInstance(requestId);
  return {
    traceId: `0000000000000000${formatInstance(instance)}${low}`,
    // A traced request id is odd and thus not 0: neither is any of these ids.
    spanId: formatInstance((instance ^ marks[station]) >>> 0) + low,
  };
}

/** A sampled span as the W3C header that names it as parent. */
export function traceparentOf({ traceId, spanId }: SpanIds): string {
  return `00-${traceId}-${spanId}-01`;
}
