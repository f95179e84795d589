import type { Metrics } from '@teamtalk/service-kit';
import type { ProxyHeaderErrorReason } from './proxy-header.js';

interface CounterBy<Label extends string, Value extends string> {
  inc(labels: Record<Label, Value>): void;
}

/** Why a connection behind a load balancer was closed before its first PDU. */
export type ProxyRefusal = ProxyHeaderErrorReason | 'timeout';

/** Counters of the listener layers. */
export interface ListenerMetrics {
  readonly refusedSockets: { inc(): void };
  readonly refusedByAddress: { inc(): void };
  readonly proxyRefused: CounterBy<'reason', ProxyRefusal>;
  readonly handshakesFailed: { inc(): void };
  readonly certificateReloads: CounterBy<'outcome', 'ok' | 'refused'>;
}

/** The same names in every service with clients. */
export function listenerMetrics(metrics: Metrics): ListenerMetrics {
  return {
    refusedSockets: metrics.counter(
      'connections_refused_total',
      'Connections refused because too many are open',
    ),
    refusedByAddress: metrics.counter(
      'connections_refused_by_address_total',
      'Connections refused because their address has too many',
    ),
    proxyRefused: metrics.counter(
      'proxy_headers_refused_total',
      'Connections closed because they did not begin with a valid PROXY header, by reason',
      ['reason'],
    ),
    handshakesFailed: metrics.counter('tls_handshakes_failed_total', 'TLS handshakes that failed'),
    certificateReloads: metrics.counter(
      'tls_certificate_reloads_total',
      'Reloads of changed certificate files, by outcome; when one is refused, the old certificate stays in use',
      ['outcome'],
    ),
  };
}
