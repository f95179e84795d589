import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Tracing } from '@teamtalk/service-kit';
import type { Topic } from './subjects.js';

/** Name and attributes of an event's span; an instance's own subject appears without its number. */
export function spanOf({ subject }: Topic<never, unknown>, kind: 'client' | 'server' | 'consumer') {
  const name = subject.replace(/\.[0-9a-f]{8}$/, '');
  return {
    name: `nats ${name}`,
    kind,
    attributes: { 'messaging.system': 'nats', 'messaging.destination.name': name },
  };
}

/** The active span, for the receivers of the event. */
export function withHeaders(tracing: Tracing): { headers: MsgHdrs } | undefined {
  const carrier = tracing.carrier();
  if (!carrier) return undefined;
  const all = headers();
  for (const [name, value] of Object.entries(carrier)) all.set(name, value);
  return { headers: all };
}

/** The sender's span, as received with an event. */
export function carrierOf(all: MsgHdrs): Record<string, string> {
  return { traceparent: all.get('traceparent'), tracestate: all.get('tracestate') };
}
