import type { Metadata } from '@grpc/grpc-js';

/** Name and attributes of a call's span. */
export function spanOf(
  { path }: { path: string },
  kind: 'client' | 'server',
  attributes: Readonly<Record<string, string>> = {},
) {
  return {
    name: path.slice(1),
    kind,
    attributes: { 'rpc.system': 'grpc', 'rpc.method': path.slice(1), ...attributes },
  };
}

/** The caller's span, as received with the call. */
export function carrierOf(metadata: Metadata): Record<string, string | undefined> {
  const first = (name: string) => metadata.get(name)[0]?.toString();
  return { traceparent: first('traceparent'), tracestate: first('tracestate') };
}
